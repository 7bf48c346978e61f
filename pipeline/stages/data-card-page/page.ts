import {loadAssets} from '../../../reports/assets.js';
import {renderDataCard} from '../../../reports/card/page.js';
import type {DataCardFacts} from '../../../reports/card-facts.js';
import {createChartRenderer} from '../../../reports/charts.js';

/** The page of these facts. Loads the drawing library: import it only where a page is made. */
export function renderCardPage(facts: DataCardFacts): string {
  return renderDataCard(facts, loadAssets(), createChartRenderer());
}
