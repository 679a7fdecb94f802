/**
 * The worker of the workerd tests. One object has SQL and decides nothing: tests reach into it
 * with `runInObject` and use its storage as the production host would. The other is a town.
 */
import { DurableObject } from 'cloudflare:workers';

export { TownObject } from './town-object.ts';

export class SqlObject extends DurableObject {}

const worker = {
  fetch(): Response {
    return new Response('this worker exists for tests only', { status: 404 });
  },
};

export default worker; // the runtime looks for a default export
