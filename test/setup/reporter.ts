import {reporters} from 'mocha';

/** mocha's own `spec`, and the totals alone on the last line: what counters of test results read. */
class TotalsReporter extends reporters.Spec {
  override epilogue(): void {
    super.epilogue();
    const {passes, failures, pending} = this.stats;
    console.log(`${passes} passed, ${failures} failed, ${pending} skipped`);
  }
}

// The name under which `require` hands out an ES module: mocha loads reporters that way.
export {TotalsReporter as 'module.exports'};
