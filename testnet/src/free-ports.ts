/** Starts a testnet wherever there is room: tests and benches run beside other federations. */
import { startTestnet } from './testnet.ts';
import type { StartOptions, Testnet } from './testnet.ts';

const attemptsMax = 6;

/** As `startTestnet`, on ports chosen by chance among 20000 to 29999 that nobody listens on. */
export async function startOnFreePorts(options: Omit<StartOptions, 'portBase'>): Promise<Testnet> {
  for (let attempt = 1; ; attempt++) {
    const portBase = 20_000 + 10 * Math.floor(Math.random() * 1000);
    try {
      return await startTestnet({ ...options, portBase });
    } catch (error) {
      const taken = error instanceof Error && error.message.includes('is taken');
      if (!taken || attempt === attemptsMax) throw error;
    }
  }
}
