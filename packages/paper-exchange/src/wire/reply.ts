import { isRefusal } from '../control/routes.ts';
import { type Door, type Network, readSigned } from './exchange-door.ts';
import { Unfit } from './fields.ts';
import { NoAnswer } from './info-market.ts';

/** What is answered over HTTP: JSON, or plain text for what was not understood (PROTOCOL §1). */
export type Reply = { readonly status: number; readonly json: string } | { readonly status: number; readonly text: string };

const UNFIT_TEXT = 'Failed to deserialize the JSON body into the target type';

/** A plain text with its status. */
export const text = (status: number, body: string): Reply => ({ status, text: body });

/** The IP has spent its weight (PROTOCOL §1). */
export const TOO_MANY: Reply = { status: 429, json: 'null' };

/** What answers the body of a request at a market time; throws `Unfit` or `NoAnswer`. */
export type Route = (body: unknown, nowMs: number) => unknown;

interface RouteOptions {
  readonly door: Door;
  readonly network: Network;
  readonly readInfo: Route;
}

/** The venue's own routes by method and path. */
export const routesOf = ({ door, network, readInfo }: RouteOptions): Readonly<Record<string, Route>> => ({
  'POST /info': readInfo,
  'POST /exchange': (body) => door.admit(readSigned(body, network)),
});

/** The answer to a question, or the refusal it ends in: 422 for a body that does not fit, 500 where the venue has none. */
export function answer(ask: () => unknown): Reply {
  try {
    return { status: 200, json: JSON.stringify(ask()) };
  } catch (error) {
    if (error instanceof Unfit) return text(422, `${UNFIT_TEXT}: ${error.message}`);
    if (error instanceof NoAnswer) return { status: 500, json: 'null' };
    if (isRefusal(error)) return text(422, error.message);
    throw error;
  }
}
