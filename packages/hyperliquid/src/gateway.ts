/**
 * Statuses of what stands before the venue: a block, a challenge, a time-out, a way that leads elsewhere. They pass, and say nothing of the request; the venue itself
 * answers 422 to what it cannot read (PROTOCOL §1).
 */
const GATEWAY_REFUSALS: ReadonlySet<number> = new Set([401, 403, 404, 408, 421, 425, 451]);

export const isGatewayRefusal = (status: number): boolean => GATEWAY_REFUSALS.has(status);
