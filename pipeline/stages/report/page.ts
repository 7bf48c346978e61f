import {loadAssets} from '../../../reports/assets.js';
import {createChartRenderer} from '../../../reports/charts.js';
import type {ReportFacts} from '../../../reports/facts.js';
import {renderReport} from '../../../reports/report.js';

/** The page of these facts. Loads the drawing library: import it only where a page is made. */
export function renderPage(facts: ReportFacts): string {
  return renderReport(facts, loadAssets(), createChartRenderer());
}
