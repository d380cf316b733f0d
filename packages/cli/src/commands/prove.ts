/**
 * `callbook prove`: what the directory says of a number, proven from the charter: one member answers
 * and is believed in nothing that the proof does not show.
 */
import type { Privacy, Proof, ProvenLog } from '@callbook/client';
import { encodeBase64Url } from '@callbook/protocol';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { writeIdentifier } from '../number.ts';
import { writeRoute } from '../route-text.ts';
import type { Session } from '../session.ts';

export async function prove(
  session: Session,
  number: string,
  options: { readonly privacy?: Privacy },
): Promise<ExitCode> {
  const proof = await session.directory.prove(await session.readIdentifier(number), options);
  session.report.result(proof, describeProof(proof));
  return proof.state === 'absent' ? exitCodes.absent : exitCodes.ok;
}

function describeProof(proof: Proof): string[] {
  const { binding, payload, member, passedOver, label } = proof;
  return [
    `${writeIdentifier(proof.identifier)} ${sentences[proof.state]}: proven by ${member}.`,
    ...(payload?.routes ?? []).map((route) => `  route     ${writeRoute(route)}`),
    ...(payload?.keys ?? []).map(
      ({ use, algorithm, key }) =>
        `  ${use.padEnd(8)}  ${algorithm.padEnd(7)}  ${encodeBase64Url(key)}`,
    ),
    `  label     ${encodeBase64Url(label)}`,
    ...(binding === null ? [] : [`  since     ${new Date(binding.ownershipAtMs).toISOString()}`]),
    ...(binding?.endsAtMs == null ? [] : [`  released  ${endOf(binding.endsAtMs)}`]),
    ...proof.logs.map(describeLog),
    ...passedOver.map(({ member: name, code }) => `  ${name} gave no good proof (${code})`),
  ];
}

const sentences: Readonly<Record<Proof['state'], string>> = {
  published: 'is published',
  unpublished: 'is held, and publishes nothing',
  absent: 'is not registered',
};

function endOf(endsAtMs: number): string {
  return `ends at ${new Date(endsAtMs).toISOString()}`;
}

function describeLog({ origin, size, agreedSize, agreedAtMs }: ProvenLog): string {
  const agreed =
    agreedAtMs === null
      ? 'nothing to agree on'
      : `${agreedSize} agreed at ${new Date(agreedAtMs).toISOString()}`;
  return `  log       ${origin}: ${size} leaves, ${agreed}`;
}
