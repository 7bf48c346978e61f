import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {type Diagnostic, fault} from '../../model/diagnostic.js';
import type {ArtifactRef} from '../../model/stage-kind.js';

/** What split can find without the images, and of that what makes a run stop. */
export const SPLIT_CHECKS = ['patient-overlap', 'image-overlap', 'archive-boundary', 'trained-on'] as const;
/** What the audit stage finds in the images. */
export const IMAGE_CHECKS = ['duplicate-images', 'near-duplicates'] as const;

/** `official-test` only tells a fact, so it never fails. */
export type CheckName = (typeof SPLIT_CHECKS)[number] | (typeof IMAGE_CHECKS)[number] | 'official-test';

/** `accepted`: it failed, and the configuration accepts that by name. `noted`: found, and no leak. */
export type CheckStatus = 'passed' | 'failed' | 'accepted' | 'noted' | 'not-checked';

/** What a check counts. */
export type CheckUnit = 'patients' | 'images' | 'boundaries';

const UNITS: Readonly<Record<CheckName, CheckUnit>> = {
  'patient-overlap': 'patients',
  'image-overlap': 'images',
  'archive-boundary': 'boundaries',
  'trained-on': 'images',
  'official-test': 'images',
  'duplicate-images': 'images',
  'near-duplicates': 'images',
};

/** One comparison of the folds: `count` of `of` were found, see `detail`. */
export type CheckOutcome = Readonly<{
  name: CheckName;
  /** What is looked for, as a heading: "Patients in more than one fold". */
  title: string;
  status: CheckStatus;
  count: number;
  of: number;
  /** In words and figures, without a full stop. Of a check that was not made, why. */
  detail: string;
  /** At most five. */
  examples: readonly string[];
}>;

/** `unit`: of `count` and of `of`. */
export type AuditCheck = CheckOutcome & Readonly<{unit: CheckUnit}>;

/** audit.json of split and of audit. */
export type AuditDocument = Readonly<{
  schema: typeof AUDIT_SCHEMA;
  /** Whether no check failed. What was accepted counts as passed; the report still shows it. */
  pass: boolean;
  checks: readonly AuditCheck[];
}>;

export const AUDIT_SCHEMA = 'pipeline/audit/v1';

/** The checks with what the configuration accepts. @param accept - Names of checks that may fail. */
export function auditDocument(
  checks: readonly CheckOutcome[],
  accept: readonly string[] = [],
): AuditDocument {
  const judged = checks.map((check): AuditCheck => {
    const accepted = check.status === 'failed' && accept.includes(check.name);
    return {...check, status: accepted ? 'accepted' : check.status, unit: UNITS[check.name]};
  });
  const pass = judged.every(({status}) => status !== 'failed');
  return {schema: AUDIT_SCHEMA, pass, checks: judged};
}

/**
 * A diagnostic for each check that failed and is not accepted; none when the audit passes.
 * @param list - Where all that was found is listed, as a full path.
 */
export function failedChecks(document: AuditDocument, list: string): readonly Diagnostic[] {
  return document.checks
    .filter(({status}) => status === 'failed')
    .map(({name, title, detail, examples}) => {
      const shown = examples.length === 0 ? '' : ` (for example ${examples.join('; ')})`;
      const hint =
        'scores would look better than they are; to go on all the same, accept it by name: ' +
        `accept: [${name}]; what was found is in ${list}`;
      return fault(`leakage audit: ${lowerFirst(title)}: ${detail}${shown}`, null, hint);
    });
}

/** The audit of an artifact of split or of audit. */
export function readAudit(artifact: ArtifactRef): AuditDocument {
  const file = join(artifact.path, 'audit.json');
  const document = JSON.parse(readFileSync(file, 'utf8')) as AuditDocument;
  if (document.schema !== AUDIT_SCHEMA) {
    throw new Error(`Internal error: ${file} has the schema ${document.schema}, not ${AUDIT_SCHEMA}`);
  }
  return document;
}

/** A check that could not be made. @param because - Why, without a full stop. */
export function notChecked(name: CheckName, title: string, because: string): CheckOutcome {
  return {name, title, status: 'not-checked', count: 0, of: 0, detail: because, examples: []};
}

function lowerFirst(text: string): string {
  return text.replace(/^./, (letter) => letter.toLowerCase());
}
