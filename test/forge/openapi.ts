/**
 * GitHub's own OpenAPI description as a judge: every answer of the forge is validated against the
 * schema of its path and status.
 *
 * O1 An answer whose path, method or status the description does not know is a finding too.
 */
import { createRequire } from 'node:module';
import { Ajv, type ValidateFunction } from 'ajv';
import { isJson, type Json } from '../../src/devforge/json.ts';

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

interface Operation {
  readonly path: string;
  readonly method: string;
  readonly pattern: RegExp;
  readonly responses: Json;
}

export class GithubContract {
  readonly findings: string[] = [];
  readonly seen = new Set<string>();
  readonly #operations: readonly Operation[];
  readonly #description: Json;
  readonly #ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
  readonly #validators = new Map<string, ValidateFunction>();

  constructor() {
    const read: unknown = createRequire(import.meta.url)(
      '@octokit/openapi/generated/api.github.com.json',
    );
    this.#description = isJson(read) ? read : {};
    this.#ajv.addSchema({ ...withNulls(this.#description, true), $id: 'github' });
    this.#operations = operationsOf(this.#description);
  }

  /** Judges one answer; `body` undefined: it had none. */
  judge(method: string, path: string, status: number, body: unknown): void {
    const operation = this.#operations.find(
      (one) => one.method === method.toLowerCase() && one.pattern.test(path),
    );
    if (operation === undefined) {
      this.findings.push(`${method} ${path} is not in the description`);
      return;
    }
    const name = `${method} ${operation.path} ${status}`;
    this.seen.add(name);
    const response = this.#resolved(operation.responses[String(status)]);
    if (response === null) {
      if (status !== 401 && status !== 429)
        this.findings.push(`${name}: this status is not described`); // O1
      return;
    }
    const schema = schemaOf(response);
    if (schema === null || body === undefined) return;
    const validate = this.#validator(name, schema);
    if (validate(body)) return;
    const errors = (validate.errors ?? []).slice(0, 4);
    this.findings.push(
      ...errors.map(
        (e) => `${name}: ${e.instancePath} ${e.message ?? ''} ${JSON.stringify(e.params)}`,
      ),
    );
  }

  #validator(name: string, schema: Json): ValidateFunction {
    const known = this.#validators.get(name);
    if (known !== undefined) return known;
    const fresh = this.#ajv.compile(withNulls(schema, false));
    this.#validators.set(name, fresh);
    return fresh;
  }

  #resolved(response: unknown): Json | null {
    if (!isJson(response)) return null;
    const ref = response['$ref'];
    if (typeof ref !== 'string') return response;
    const found = ref
      .slice(2)
      .split('/')
      .reduce<unknown>((at, part) => (isJson(at) ? at[part] : undefined), this.#description);
    return isJson(found) ? found : null;
  }
}

function operationsOf(description: Json): readonly Operation[] {
  const paths = description['paths'];
  const found = Object.entries(isJson(paths) ? paths : {}).flatMap(([path, item]) => {
    const escaped = path.replace(/[.+]/g, '\\$&');
    const source = escaped.replace(/\{(\w+)\}/g, (_all, name: string) =>
      ['ref', 'branch', 'path', 'basehead'].includes(name) ? '.+' : '[^/]+',
    );
    const pattern = new RegExp(`^${source}$`);
    return METHODS.flatMap((method): Operation[] => {
      const operation = isJson(item) ? item[method] : undefined;
      const responses = isJson(operation) ? operation['responses'] : undefined;
      return isJson(responses) ? [{ path, method, pattern, responses }] : [];
    });
  });
  // The most literal path first: `/branches/{branch}/protection` before `/branches/{branch}`.
  return found.sort((a, b) => literal(b.path) - literal(a.path));
}

function literal(path: string): number {
  return path.replace(/\{\w+\}/g, '').length;
}

function schemaOf(response: Json): Json | null {
  const content = response['content'];
  const media = isJson(content) ? content['application/json'] : undefined;
  const schema = isJson(media) ? media['schema'] : undefined;
  return isJson(schema) ? schema : null;
}

/** OpenAPI 3.0 says `nullable`, JSON Schema a union; references are made to lead to one place. */
function withNulls(value: Json, root: boolean): Json {
  const walk = (part: unknown, named: boolean): unknown => {
    if (Array.isArray(part)) return part.map((one) => walk(one, false));
    if (!isJson(part)) return part;
    const ref = part['$ref'];
    if (typeof ref === 'string') return { $ref: ref.replace(/^#/, 'github#') };
    const entries = Object.entries(part)
      .filter(([name]) => named || !['example', 'examples', 'discriminator'].includes(name))
      .map(([name, inner]): [string, unknown] => [name, walk(inner, name === 'properties')]);
    const plain: Json = Object.fromEntries(
      entries.filter(([name]) => named || name !== 'nullable'),
    );
    const nullable = !named && part['nullable'] === true;
    return nullable ? { anyOf: [{ type: 'null' }, plain] } : plain;
  };
  if (!root) {
    const walked = walk(value, false);
    return isJson(walked) ? walked : {};
  }
  const components = value['components'];
  const schemas = isJson(components) ? walk(components['schemas'], true) : {};
  return { components: { schemas } };
}
