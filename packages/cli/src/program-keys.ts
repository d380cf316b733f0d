/** The commands about keys: those of a number that is held, and what others' keys are good for. */
import { Option, type Command } from 'commander';
import { argument, numberHelp, numberOption, type AddCommand } from './add-command.ts';
import type { CertOptions } from './commands/cert.ts';
import type { BackupOptions, RestoreOptions } from './commands/key-backup.ts';
import type { KeyExportOptions, KeyImportOptions } from './commands/key-files.ts';
import type { OpenPgpOptions } from './commands/key-openpgp.ts';
import type { KeyOptions, RotateKeyOptions } from './commands/key.ts';
import type { ProvisionOptions } from './commands/provision.ts';
import type { SealOptions } from './commands/seal.ts';
import type { VerifyPeerCommandOptions } from './commands/verify-peer.ts';

const passphraseOption = '--passphrase-stdin';
const passphraseHelp = 'read the passphrase from standard input';

/** Adds all of them. */
export function addKeys(program: Command, add: AddCommand): void {
  const key = program.command('key').description('the keys of a number you hold');
  add(key, 'show', async (session, command) =>
    (await import('./commands/key.ts')).showKeys(session, command.opts<KeyOptions>()),
  )
    .description('show the public keys')
    .option(numberOption, numberHelp);
  add(key, 'rotate', async (session, command) =>
    (await import('./commands/key.ts')).rotateKey(session, command.opts<RotateKeyOptions>()),
  )
    .description('replace all keys by new ones')
    .option('--new-signer <program>', 'program that has the new authority key')
    .option(
      '--to-file',
      'keep the new authority key in the key file, where a program has the old one',
    )
    .option(numberOption, numberHelp);
  add(key, 'backup', async (session, command) =>
    (await import('./commands/key-backup.ts')).backupKeys(
      session,
      command.args[0],
      command.opts<BackupOptions>(),
    ),
  )
    .description('write all seeds to a file that a passphrase opens, or show the words of one')
    .argument('[file]', 'file to write; it is never overwritten, and age can open it')
    .option('--words', 'show 24 words for paper instead')
    .option(passphraseOption, passphraseHelp)
    .option(numberOption, numberHelp);
  add(key, 'restore', async (session, command) =>
    (await import('./commands/key-backup.ts')).restoreKeys(
      session,
      command.args[0],
      command.opts<RestoreOptions>(),
    ),
  )
    .description('make key files from a backup; the words are asked for')
    .argument('[number]', 'the number that the words are of, or one of those in the file')
    .option('--file <path>', 'a file that "key backup" has written')
    .option(passphraseOption, passphraseHelp);
  addKeyFiles(key, add);
  addOpenPgp(key, add);
  addPeerCommands(program, add);
  addPhones(program, add);
}

function addKeyFiles(key: Command, add: AddCommand): void {
  add(key, 'export', async (session, command) =>
    (await import('./commands/key-files.ts')).exportKey(session, command.opts<KeyExportOptions>()),
  )
    .description('print a published key as PEM, or write its secret for other software')
    .addOption(
      new Option('--use <use>', 'which key').choices(['identity', 'sip', 'box']).default('sip'),
    )
    .option('--secret <file>', 'new file for the secret key, readable by you alone')
    .option(numberOption, numberHelp);
  add(key, 'import', async (session, command) =>
    (await import('./commands/key-files.ts')).importKey(
      session,
      command.args[0],
      command.opts<KeyImportOptions>(),
    ),
  )
    .description('publish a key of your own, or without a file the one of the seed again')
    .argument('[file]', 'PEM with a public key, or an OpenPGP certificate')
    .addOption(
      new Option('--use <use>', 'what it is for')
        .choices(['identity', 'sip', 'box', 'openpgp'])
        .makeOptionMandatory(),
    )
    .option('--beside', 'keep the keys that are published for the same use')
    .option(numberOption, numberHelp);
}

function addOpenPgp(key: Command, add: AddCommand): void {
  add(key, 'openpgp', async (session, command) =>
    (await import('./commands/key-openpgp.ts')).publishOpenPgp(
      session,
      command.opts<OpenPgpOptions>(),
    ),
  )
    .description('publish an OpenPGP certificate made from the seed')
    .option(
      '--user-id <text>',
      'whom it names, as "Name <user@domain>"; never the number by itself',
    )
    .option('--secret <file>', 'new file for the secret key, for "gpg --import"')
    .option(numberOption, numberHelp);
}

function addPeerCommands(program: Command, add: AddCommand): void {
  add(program, 'seal', async (session, command) =>
    (await import('./commands/seal.ts')).sealTo(
      session,
      argument(command, 0),
      command.opts<SealOptions>(),
    ),
  )
    .description('encrypt something that only the holder of a number can read')
    .argument('<number>', 'telephone number')
    .option('--in <file>', 'what to seal, instead of standard input')
    .option('--out <file>', 'new file to write, instead of standard output');
  add(program, 'open', async (session, command) =>
    (await import('./commands/seal.ts')).openSealed(session, command.opts<SealOptions>()),
  )
    .description('read what was sealed to a number you hold')
    .option('--in <file>', 'what was sealed, instead of standard input')
    .option('--out <file>', 'new file to write, instead of standard output')
    .option(numberOption, numberHelp);
  add(program, 'verify-peer', async (session, command) =>
    (await import('./commands/verify-peer.ts')).verifyPeer(
      session,
      argument(command, 0),
      command.opts<VerifyPeerCommandOptions>(),
    ),
  )
    .description('judge a call by the keys that its number publishes')
    .argument('<number>', 'who calls, or is called')
    .requiredOption('--sdp <file>', 'the offer or answer of the peer')
    .requiredOption('--to <number>', 'whom the peer speaks to')
    .option('--identity <file>', 'value of the Identity header')
    .addOption(
      new Option('--policy <policy>', 'how strict to be')
        .choices(['require-keys', 'prefer-keys', 'allow-plain'])
        .default('prefer-keys'),
    );
}

function addPhones(program: Command, add: AddCommand): void {
  add(program, 'cert', async (session, command) =>
    (await import('./commands/cert.ts')).writeCertificate(
      session,
      argument(command, 0),
      command.opts<CertOptions>(),
    ),
  )
    .description('write the key and a certificate for a telephone; no number is in it')
    .argument('<file>', 'new file (PEM), readable by you alone')
    .option('--days <n>', 'how long it is good, 1 to 3650', '365')
    .option(numberOption, numberHelp);
  add(program, 'provision', async (session, command) =>
    (await import('./commands/provision.ts')).provision(
      session,
      argument(command, 0),
      command.opts<ProvisionOptions>(),
    ),
  )
    .description('have an account at a SIP provider, and print the settings of a telephone')
    .argument('<provider>', 'address of its accounts, such as https://accounts.sip.example')
    .addOption(
      new Option('--phone <kind>', 'what the settings are for')
        .choices(['qr', 'digest', 'baresip', 'linphone'])
        .default('qr'),
    )
    .option('--certificate <file>', 'file of "callbook cert", for baresip and linphone')
    .option(numberOption, numberHelp);
}
