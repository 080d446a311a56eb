declare const approved: unique symbol;
/**
 * Evidence that the risk check has seen this request. `approve` in risk/check.ts is the only maker, and the exchange
 * port accepts nothing else, so an unchecked order does not compile.
 */
export type Approved<T> = T & { readonly [approved]: true };
