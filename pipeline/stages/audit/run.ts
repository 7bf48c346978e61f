import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {err, ok} from '../../model/result.js';
import type {StageContext, StageResult} from '../../model/stage-kind.js';
import {auditDocument, failedChecks, readAudit} from './document.js';
import {checkDuplicates} from './duplicates.js';
import {readDigests, readMembers} from './members.js';
import {checkNearDuplicates} from './near.js';
import {pairsCsv} from './pairs.js';
import type {AuditParams} from './params.js';

/** @returns How many checks there are of each outcome. */
export async function runAudit(context: StageContext): Promise<StageResult> {
  const given = context.params as AuditParams;
  const [dataset, folds] = [context.need('dataset'), context.need('folds')];
  const members = readMembers(folds);
  const equal = checkDuplicates(readDigests(dataset), members);
  const near = await checkNearDuplicates(context, {
    images: context.optionalNeed('images'),
    synthetic: dataset.uses === 'synthesize',
    members,
    bits: given.near_duplicate_bits,
    likeness: given.near_duplicate_likeness,
  });
  const found = [equal.check, near.check];
  const audit = auditDocument([...readAudit(folds).checks, ...found], given.accept);
  // Of an audit that fails nothing becomes an artifact; what it found stays for whoever mends the folds.
  const folder = audit.pass ? context.out : context.resume;
  writeFileSync(join(folder, 'audit.json'), `${JSON.stringify(audit, null, 2)}\n`);
  writeFileSync(join(folder, 'pairs.csv'), pairsCsv([...equal.pairs, ...near.pairs]));
  if (!audit.pass) {
    return err({reason: 'invalid-input', diagnostics: failedChecks(audit, join(folder, 'pairs.csv'))});
  }
  for (const {name, status, title, detail} of audit.checks) {
    const accepted = status === 'accepted';
    if (!accepted && !(status === 'noted' && found.some((check) => check.name === name))) continue;
    const text = `${accepted ? 'accepted: ' : ''}${title}: ${detail}`;
    context.report({type: 'stage-note', level: accepted ? 'warning' : 'info', text});
  }
  const count = (status: string): number => audit.checks.filter((check) => check.status === status).length;
  return ok({
    passed: count('passed'),
    noted: count('noted'),
    accepted: count('accepted'),
    not_checked: count('not-checked'),
  });
}
