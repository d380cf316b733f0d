/** A key store in memory that can fail, before or after it has done what it was asked. */
import { generateZonePrivateKey, openZoneSigner } from '../../src/sign/zone-signer.ts';
import type { ZoneAlgorithm, ZoneSigner } from '../../src/sign/zone-signer.ts';
import { encodeKeyState, parseKeyState } from '../../src/keys/key-state.ts';
import type { KeyState } from '../../src/keys/key-state.ts';
import type { KeyStore, StoredKeyState } from '../../src/keys/key-store.ts';
import { dnsError } from '../../src/errors.ts';

export type Fault = 'failed, not persisted' | 'failed, but persisted';
type Write = 'replaceState' | 'createKey' | 'destroyKey';

export class MemoryKeyStore implements KeyStore {
  readonly keys: Map<string, ZoneSigner> = new Map();
  readonly files: Map<string, string> = new Map();
  stored: { text: string; sequence: number } | undefined;
  /** Asked before each write. */
  faultOf: (write: Write) => Fault | undefined = () => undefined;

  async readState(): Promise<StoredKeyState | undefined> {
    await Promise.resolve();
    if (this.stored === undefined) return undefined;
    return { state: parseKeyState(this.stored.text), sequence: this.stored.sequence };
  }

  async replaceState(next: KeyState, before: number): Promise<boolean> {
    return await this.write('replaceState', () => {
      if ((this.stored?.sequence ?? 0) !== before) return false;
      this.stored = { text: encodeKeyState(next), sequence: before + 1 };
      return true;
    });
  }

  async createKey(id: string, algorithm: ZoneAlgorithm): Promise<ZoneSigner> {
    return await this.write('createKey', () => {
      const signer = this.keys.get(id) ?? openZoneSigner(generateZonePrivateKey(algorithm));
      this.keys.set(id, signer);
      return signer;
    });
  }

  loadKey(id: string): ZoneSigner {
    const signer = this.keys.get(id);
    if (signer === undefined) throw dnsError('dns_key_missing', `${id}.pem cannot be read`);
    return signer;
  }

  async destroyKey(id: string): Promise<void> {
    await this.write('destroyKey', () => this.keys.delete(id));
  }

  async readPresigned(name: string): Promise<string> {
    return await Promise.resolve(this.files.get(name)!);
  }

  async writePresigned(text: string): Promise<string> {
    const name = `presigned-${String(this.files.size).padStart(16, '0')}.json`;
    this.files.set(name, text);
    return await Promise.resolve(name);
  }

  private async write<Result>(write: Write, change: () => Result): Promise<Result> {
    await Promise.resolve();
    const fault = this.faultOf(write);
    if (fault === 'failed, not persisted') throw dnsError('dns_key_unwritable', 'disk is gone');
    const result = change();
    if (fault === 'failed, but persisted') throw dnsError('dns_key_unwritable', 'disk is odd');
    return result;
  }
}
