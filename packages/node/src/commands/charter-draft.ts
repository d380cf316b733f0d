/**
 * `callbook-node charter draft`: what the members write into the next charter before they sign it.
 * Each command is one change of the shared draft, made by the running member in its own name; the
 * others have it within seconds.
 */
import { Argument } from 'commander';
import type { Command } from 'commander';
import {
  DirectoryError,
  draftParameters,
  encodeExpulsion,
  parseCanonicalJson,
  parseVerifierKey,
} from '@callbook/protocol';
import type { Charter, CharterMember, LogState } from '@callbook/protocol';
import type { AdminStatement, DraftAnswer } from '../admin/admin-messages.ts';
import { askMember } from '../admin/ask-member.ts';
import { readConfig } from '../config.ts';
import type { NodeConfig } from '../config.ts';
import { pickCryptography } from '../cryptography.ts';
import type { NodeErrorCode } from '../errors.ts';
import { accepted } from './charter-notes.ts';
import { knownCharters } from './charter-place.ts';
import type { WriteReport } from './charter.ts';
import { formatDuration, parseDuration } from './duration.ts';
import type { Report } from './key-report.ts';
import { readInput } from './key-place.ts';

interface DraftOptions {
  readonly config: string;
  readonly json?: boolean;
}
interface StateOptions extends DraftOptions {
  readonly cutoff?: string;
}

/** Adds `draft` with its subcommands. */
export function addDraftCommands(charter: Command, report: WriteReport): void {
  const draft = charter
    .command('draft')
    .description('the next charter, as the members draft it together');

  configured(draft.command('show'))
    .description('say what is drafted, and by whom')
    .action(async (options: DraftOptions) =>
      report(options, reportDraft(await askMember(await configOf(options), { ask: 'draft' }))),
    );

  configured(draft.command('add-member'))
    .description('add a member, or change what one says of itself')
    .addArgument(new Argument('<file>', 'description that the member made (charter describe)'))
    .action(async (file: string, options: DraftOptions) =>
      report(options, await write(options, [await memberStatement(file)])),
    );

  configured(draft.command('set-state'))
    .description('make a member active, read-only or expelled')
    .addArgument(new Argument('<member>', 'name in the charter'))
    .addArgument(new Argument('<state>').choices(['active', 'readonly', 'expelled']))
    .option('--cutoff <size:root>', 'where the log of an expelled member ends; else as seen here')
    .action(async (name: string, state: CharterMember['state'], options: StateOptions) =>
      report(options, await write(options, [await stateStatement(name, state, options)])),
    );

  configured(draft.command('set'))
    .description(`set a parameter: ${draftParameters.join(', ')}`)
    .addArgument(new Argument('<parameter>').choices([...draftParameters]))
    .addArgument(new Argument('<value>', 'number, or span of time: 7d, 12h, 30m, 10s'))
    .action(async (name: string, value: string, options: DraftOptions) =>
      report(options, await write(options, [[`parameter/${name}`, parameterText(name, value)]])),
    );

  configured(draft.command('unset'))
    .description('take back what was drafted for a field')
    .addArgument(new Argument('<field>', 'as draft show names it, for example state/beta'))
    .action(async (field: string, options: DraftOptions) =>
      report(options, await write(options, [[field, null]])),
    );

  configured(draft.command('discard'))
    .description('begin the draft again, at every member (a few times for each charter)')
    .action(async (options: DraftOptions) => {
      const emptied = await askMember(await configOf(options), { ask: 'draft-discard' });
      report(options, reportDraft(emptied));
    });
}

function configured(command: Command): Command {
  return command
    .requiredOption('--config <file>', 'configuration (YAML)')
    .option('--json', 'one JSON object');
}

async function configOf({ config }: DraftOptions): Promise<NodeConfig> {
  return await readConfig(config);
}

async function write(
  options: DraftOptions,
  statements: readonly AdminStatement[],
): Promise<Report> {
  const config = await configOf(options);
  return reportDraft(await askMember(config, { ask: 'draft-write', statements }));
}

async function memberStatement(file: string): Promise<AdminStatement> {
  const text = (await readInput(file)).trimEnd();
  const member = accepted(parseCanonicalJson(text)) as Partial<CharterMember> | null;
  if (typeof member?.name === 'string') return [`member/${member.name}`, text];
  throw invalid(`${file} describes no member: make it with callbook-node charter describe`);
}

async function stateStatement(
  name: string,
  state: CharterMember['state'],
  options: StateOptions,
): Promise<AdminStatement> {
  if (state !== 'expelled') return [`state/${name}`, state];
  const config = await configOf(options);
  const { charters } = await knownCharters(config, await pickCryptography());
  const cutoff =
    options.cutoff === undefined
      ? await seenState(config, originOf(charters.at(-1)!.charter, name))
      : parseCutoff(options.cutoff);
  return [`state/${name}`, encodeExpulsion(cutoff)];
}

/** The newest state of a log that this member has, agreed where there is one. */
async function seenState(config: NodeConfig, origin: string): Promise<LogState> {
  const { logs } = await askMember(config, { ask: 'logs' });
  const seen = logs.find((log) => log.origin === origin);
  if (seen !== undefined) return { size: seen.size, root: seen.root };
  throw invalid('nothing of its log is here: say where it ends with --cutoff <size:root>');
}

function originOf({ members }: Charter, name: string): string {
  const member = members.find((one) => one.name === name);
  if (member === undefined) throw invalid(`the charter has no member ${name}`);
  return accepted(parseVerifierKey(member.logKey)).name;
}

function parseCutoff(text: string): LogState {
  const [, size, root] = /^(\d{1,15}):([A-Za-z0-9+/]{43}=)$/.exec(text) ?? [];
  if (size === undefined || root === undefined) {
    throw invalid('--cutoff: a number of leaves, a colon and a root in base64');
  }
  return { size: Number(size), root };
}

function parameterText(name: string, value: string): string {
  const number = name.endsWith('Ms') ? parseDuration(value) : Number(value);
  if (number !== undefined && Number.isSafeInteger(number) && number >= 0) return String(number);
  throw invalid(`${name}: a ${name.endsWith('Ms') ? 'span of time like 7d or 10s' : 'number'}`);
}

function invalid(message: string): DirectoryError<NodeErrorCode> {
  return new DirectoryError('draft_field_invalid', message);
}

function reportDraft(draft: DraftAnswer): Report {
  const { follows, fields, excluded } = draft;
  const undecided = fields.some(({ others }) => others.length > 0);
  return {
    result: draft,
    lines: [
      `Draft of version ${follows + 1}${fields.length === 0 ? ': nothing is drafted' : ''}`,
      ...fields.flatMap(({ field, text, by, others }) => [
        `  ${field.padEnd(24)} ${shortText(field, text)} (${by})`,
        ...others.map(
          (one) => `    or ${shortText(field, one.text)} (${one.by}), at the same time`,
        ),
      ]),
      ...excluded.map((name) => `${name} has signed two changes under one number: left out`),
      ...(undecided ? ['Say again which of the texts is to stand.'] : []),
      ...(fields.length === 0 || undecided
        ? []
        : ['Next: callbook-node charter propose --config … --out …']),
    ],
  };
}

/** Members in a few words, spans of time in units. */
function shortText(field: string, text: string): string {
  if (field.startsWith('member/')) {
    const member = parseCanonicalJson(text);
    const { organisation, api } =
      member.verdict === 'accept' ? ((member.value ?? {}) as Partial<CharterMember>) : {};
    return `${organisation ?? 'malformed'}, ${api ?? 'no API'}`;
  }
  const ms = Number(text);
  return field.endsWith('Ms') && Number.isSafeInteger(ms) ? formatDuration(ms) : text;
}
