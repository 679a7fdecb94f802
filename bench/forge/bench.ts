/**
 * `npm run bench -- forge`: what watching pull requests costs and how soon a merge is noticed, with
 * 200 and with 1,000 of them open on one credential over ten repositories.
 */
import { watchedHour, type Size } from './hour.ts';
import { naiveOf, watchedOf, type Report } from './report.ts';

export { tableOf } from './report.ts';

const ten = { repositories: 10, naiveMinutes: 1 };

const sizes: Sizes = {
  open200: { ...ten, open: 200, minutes: 60, merges: 48, hookMinutes: 20, hookMerges: 40 },
  open1000: { ...ten, open: 1000, minutes: 10, merges: 40, hookMinutes: 4, hookMerges: 20 },
};

export interface Sizes {
  readonly open200: Size;
  readonly open1000: Size;
}

export async function forgeBench(
  folder: string,
  say: (line: string) => void,
  of: Sizes = sizes,
): Promise<Report> {
  say(`an hour with ${of.open200.open} open pull requests…`);
  const small = await watchedHour(folder, of.open200);
  say(`${of.open1000.minutes} minutes with ${of.open1000.open.toLocaleString('en')}…`);
  const large = await watchedHour(folder, of.open1000);
  return {
    open200: watchedOf(small),
    open1000: watchedOf(large),
    naive: { open200: naiveOf(small), open1000: naiveOf(large) },
  };
}
