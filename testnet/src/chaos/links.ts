/** The links between members: a shaping proxy for each ordered pair, by the names of both. */
import type { MemberLayout } from '../layout.ts';
import type { SeededRandom } from '../simulation/seeded-random.ts';
import { goodLink, ShapingProxy } from './shaping-proxy.ts';
import type { LinkShape } from './shaping-proxy.ts';

export class Links implements AsyncDisposable {
  readonly #proxies: ReadonlyMap<string, ShapingProxy>;
  readonly #names: readonly string[];

  private constructor(names: readonly string[], proxies: ReadonlyMap<string, ShapingProxy>) {
    this.#names = names;
    this.#proxies = proxies;
  }

  static async open(members: readonly MemberLayout[], random: SeededRandom): Promise<Links> {
    const proxies = new Map<string, ShapingProxy>();
    for (const from of members) {
      for (const to of members) {
        if (from === to) continue;
        proxies.set(
          pairOf(from.name, to.name),
          await ShapingProxy.open(to.meshPort, random.branch(pairOf(from.name, to.name))),
        );
      }
    }
    return new Links(
      members.map(({ name }) => name),
      proxies,
    );
  }

  /** Where `from` reaches the others, as its configuration has it. */
  peersOf(from: string): { readonly member: string; readonly addresses: readonly string[] }[] {
    return this.#names
      .filter((name) => name !== from)
      .map((member) => {
        const { port } = this.#proxies.get(pairOf(from, member))!;
        return { member, addresses: [`/ip4/127.0.0.1/tcp/${port}`] };
      });
  }

  /** Shapes every link, in both directions, between one of `side` and one of `others`. */
  shape(side: readonly string[], others: readonly string[], shape: Partial<LinkShape>): void {
    for (const a of side) {
      for (const b of others) {
        for (const pair of [pairOf(a, b), pairOf(b, a)]) {
          const proxy = this.#proxies.get(pair);
          if (proxy !== undefined) proxy.shape = { ...goodLink, ...shape };
        }
      }
    }
  }

  heal(): void {
    for (const proxy of this.#proxies.values()) proxy.shape = goodLink;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#proxies.values()].map((proxy) => proxy[Symbol.asyncDispose]()));
  }
}

function pairOf(from: string, to: string): string {
  return `${from} ${to}`;
}
