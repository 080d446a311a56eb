export { createRequestBudget, openRequestBudget, type RequestBudget, type RequestClass } from './budget.ts';
export { type ExchangeOptions, openExchange } from './exchange.ts';
export { createNonceCell, type NonceCell, openNonceCell } from './nonce.ts';
export { type Address, addressOfKey, createSigner, PrivateKeyError, type Signer, SignerBrokenError } from './signer.ts';
