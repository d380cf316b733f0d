/**
 * Waits until all honest members agree, and asserts what must then be true. To be called when all is
 * mended: from there on time is measured.
 */
import { assertConverged, stragglers } from './convergence.ts';
import type { ConvergenceParts } from './convergence.ts';
import { divergedDrafts } from './draft-convergence.ts';
import { unconvicted } from './lies.ts';

/** After all is mended, honest members agree within this time. */
const convergenceMsMax = 60_000;
const checkIntervalMs = 250;

export interface Agreement {
  readonly convergence: ConvergenceParts;
  /** Liars that no charter has cut off: they must be convicted of what they have shown. */
  readonly standingLiars: readonly { readonly origin: string }[];
}

/** Ends with a violation, or when the members agree and serve what is in force. */
export async function awaitAgreement(agreement: Agreement): Promise<void> {
  const { convergence } = agreement;
  const { world } = convergence;
  const beganMs = world.elapsedMs;
  for (;;) {
    const waitedMs = world.elapsedMs - beganMs;
    const missing = await missingTo(agreement);
    if (missing.length === 0) {
      const unserved = assertConverged(convergence);
      if (unserved.length === 0) break;
      const late = unserved.find(({ withinMs }) => waitedMs > withinMs);
      if (late !== undefined) return world.violate(late.invariant, late.what);
    } else if (waitedMs > convergenceMsMax) {
      return world.violate('convergence', missing.join('; '));
    }
    await world.sleep(checkIntervalMs, 'script');
  }
  world.note('script', 'converged');
}

async function missingTo({ convergence, standingLiars }: Agreement): Promise<string[]> {
  const { members, world } = convergence;
  const behind = stragglers(convergence);
  if (behind.length > 0) return behind;
  const believed = unconvicted(standingLiars, members);
  return believed.length > 0 ? believed : divergedDrafts(members, world);
}
