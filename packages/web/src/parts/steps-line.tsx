/** How far a claim is: said as text, and drawn. */
import type { JSX } from 'preact';
import { fill } from '../fill.ts';
import { useMessages } from '../messages.ts';

const steps = 4;

export function StepsLine({ step }: { readonly step: number }): JSX.Element {
  const { common } = useMessages();
  return (
    <div class="steps-line">
      <span class="quiet">{fill(common.step, { step, steps })}</span>
      <progress aria-hidden="true" max={steps} value={step} />
    </div>
  );
}
