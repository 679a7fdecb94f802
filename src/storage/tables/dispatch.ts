/**
 * The dispatcher's one row.
 */
import type { Dispatch } from '../../core/dispatch.ts';
import { bool, int, json, nullable, Table, text } from '../table.ts';

export const dispatches = new Table<Dispatch>({
  name: 'dispatch',
  columns: {
    id: text(),
    status: text(),
    openedAt: nullable(int()),
    resetAt: int(),
    probe: nullable(text()),
    resetAsked: bool,
    escalation: nullable(text()),
    waits: json(),
    updatedAt: int(),
    parked: nullable(text()),
  },
  indexes: [],
});
