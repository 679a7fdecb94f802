/**
 * How agents offer a choice of model: a session configuration option of the category `model`, or
 * the older `models` field. One of them is asked; the answer says whether it took.
 */
import { fieldsOf, listOf, textOf, type Fields } from './fields.ts';

export type ModelOptions =
  | { readonly by: 'option'; readonly configId: string; readonly values: readonly Offer[] }
  | { readonly by: 'method'; readonly values: readonly Offer[] }
  | null;

interface Offer {
  readonly value: string;
  readonly name: string;
}

export type ModelChoice =
  | { readonly by: 'option'; readonly configId: string; readonly value: string }
  | { readonly by: 'method'; readonly value: string };

/** From the answer to `session/new`. */
export function modelOptions(session: Fields): ModelOptions {
  const option = modelOption(session);
  if (option !== null) {
    // Options come flat or in groups of options.
    const flat = listOf(option['options']).flatMap((raw) => {
      const group = listOf(fieldsOf(raw)['options']);
      return group.length > 0 ? group : [raw];
    });
    return {
      by: 'option',
      configId: textOf(option['id']) ?? 'model',
      values: flat.map((raw) => offerOf(raw, 'value')),
    };
  }
  const models = fieldsOf(session['models']);
  const available = listOf(models['availableModels']);
  if (available.length === 0) return null;
  return { by: 'method', values: available.map((raw) => offerOf(raw, 'modelId')) };
}

export function currentModel(session: Fields): string | null {
  const option = modelOption(session);
  if (option !== null) return textOf(option['currentValue']);
  return textOf(fieldsOf(session['models'])['currentModelId']);
}

/** null when the agent does not offer it. */
export function chooseModel(options: ModelOptions, wanted: string): ModelChoice | null {
  if (options === null) return null;
  const offer = options.values.find((candidate) => isModel(candidate.value, wanted));
  const byName = options.values.find(
    (candidate) => candidate.name.toLowerCase() === wanted.toLowerCase(),
  );
  const value = (offer ?? byName)?.value;
  if (value === undefined) return null;
  return options.by === 'option'
    ? { by: 'option', configId: options.configId, value }
    : { by: 'method', value };
}

/** Agents add the provider before a model's name, or an effort after it. */
export function isModel(offered: string, wanted: string): boolean {
  return offered === wanted || offered.endsWith(`/${wanted}`) || offered.startsWith(`${wanted}[`);
}

function modelOption(session: Fields): Fields | null {
  const options = listOf(session['configOptions']).map(fieldsOf);
  return (
    options.find((option) => option['category'] === 'model') ??
    options.find((option) => option['id'] === 'model') ??
    null
  );
}

function offerOf(raw: unknown, key: string): Offer {
  const offer = fieldsOf(raw);
  return { value: textOf(offer[key]) ?? '', name: textOf(offer['name']) ?? '' };
}
