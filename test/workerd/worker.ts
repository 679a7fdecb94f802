/**
 * The smallest worker with a Durable Object that has SQL. Tests reach into the object with
 * `runInObject` and use its storage as the production host would; the object itself decides
 * nothing.
 */
import { DurableObject } from 'cloudflare:workers';

export class SqlObject extends DurableObject {}

const worker = {
  fetch(): Response {
    return new Response('this worker exists for tests only', { status: 404 });
  },
};

export default worker; // the runtime looks for a default export
