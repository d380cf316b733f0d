/**
 * Browsers and devices that tests cannot have otherwise, played before any script of the page runs: only the
 * platform's side is played, by what it does there. Texts, since a browser runs them as they are.
 */

/** A browser whose WebCrypto has no Ed25519, as all had until 2024. */
export const withoutEd25519 = `{
  const { subtle } = crypto;
  const importKey = subtle.importKey.bind(subtle);
  SubtleCrypto.prototype.importKey = async (...args) => {
    if ((args[2].name ?? args[2]) === 'Ed25519') {
      throw new DOMException('no such algorithm', 'NotSupportedError');
    }
    return await importKey(...args);
  };
}`;

/**
 * A disk that is full while \`isFull\` is: the write is taken, and what it belongs to is broken off when it
 * should be kept. (The quota that DevTools can set does not bind IndexedDB.)
 */
export const fillingUp = `{
  const { put } = IDBObjectStore.prototype;
  IDBObjectStore.prototype.put = function (...args) {
    const request = put.apply(this, args);
    if (globalThis.isFull === true) {
      request.addEventListener('success', () => request.transaction.abort());
    }
    return request;
  };
}`;

/** A browser in which storage is switched off. */
export const withoutStorage = `
  IDBFactory.prototype.open = () => {
    throw new DOMException('storage is switched off', 'SecurityError');
  };
`;

/** An add-on that lets no page make keys. */
export const blockingKeys = `
  SubtleCrypto.prototype.generateKey = async () => {
    throw new DOMException('blocked', 'OperationError');
  };
`;

/** A telephone that waits for the message with a code where it is \`asked\` to, until \`receive(code)\`. */
export const telephone = `{
  globalThis.asked = [];
  globalThis.OTPCredential = class {};
  navigator.credentials.get = async ({ otp, signal }) =>
    await new Promise((resolve, reject) => {
      const ask = { otp, isOpen: true };
      globalThis.asked.push(ask);
      signal.addEventListener('abort', () => {
        ask.isOpen = false;
        reject(signal.reason);
      });
      globalThis.receive = (code) => resolve({ type: 'otp', code });
    });
}`;
