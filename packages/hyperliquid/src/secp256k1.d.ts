/** The parts of the native secp256k1 binding this project uses; the package ships no types. */
declare module 'secp256k1' {
  interface Secp256k1 {
    privateKeyVerify(key: Uint8Array): boolean;
    publicKeyCreate(key: Uint8Array, compressed: boolean): Uint8Array;
    publicKeyConvert(key: Uint8Array, compressed: boolean): Uint8Array;
    /** Deterministic (RFC 6979) and always low-S. */
    ecdsaSign(digest: Uint8Array, key: Uint8Array): { readonly signature: Uint8Array; readonly recid: number };
    ecdsaRecover(signature: Uint8Array, recid: number, digest: Uint8Array, compressed: boolean): Uint8Array;
  }
  const secp256k1: Secp256k1;
  export default secp256k1;
}
