/** The bindings of wrangler.jsonc as types. */
import type * as worker from './worker.ts';

declare global {
  namespace Cloudflare {
    interface Env {
      SQL: DurableObjectNamespace<worker.SqlObject>;
      TOWN: DurableObjectNamespace<worker.TownObject>;
    }
    interface GlobalProps {
      mainModule: typeof worker;
    }
  }
}
