import {formatDuration} from '../../pipeline/model/words.js';
import type {Chart} from '../charts.js';
import type {StageFacts} from '../facts.js';
import {barValueAxis, CHART_WIDTH, chartOptions, LABEL_ROOM, niceRange} from './axes.js';

const ROW_HEIGHT = 26;

/** Wall seconds of every stage's artifact; those that this run did not make itself are drawn hollow. */
export function stageTimeChart(stages: readonly StageFacts[]): Chart {
  const made = stages.flatMap((stage) =>
    stage.artifact === null ? [] : [{stage, seconds: stage.artifact.seconds}],
  );
  const {max, step, decimals} = niceRange(
    made.map(({seconds}) => seconds),
    true,
  );
  return {
    id: 'stage-times',
    width: CHART_WIDTH,
    height: 76 + ROW_HEIGHT * made.length,
    alt: `Wall time by stage: ${made.map(({stage, seconds}) => `${stage.id} ${formatDuration(seconds)}`).join(', ')}.`,
    config: {
      type: 'bar',
      data: {
        labels: made.map(({stage}) => stage.id),
        datasets: [
          {
            label: 'seconds',
            data: made.map(({seconds}) => seconds),
            backgroundColor: made.map(({stage}) => (stage.action === 'run' ? '$a' : '$paper')),
            borderColor: '$a',
            borderWidth: 1.5,
            borderSkipped: false,
            barThickness: 13,
            minBarLength: 2,
          },
        ],
      },
      options: {
        ...chartOptions({
          title: 'Wall time by stage',
          scales: {
            x: barValueAxis({
              ...{min: 0, max, step, title: 'seconds'},
              format: {maximumFractionDigits: decimals},
            }),
            y: {
              type: 'category',
              border: {color: '$rule2'},
              grid: {display: false},
              ticks: {color: '$ink2', autoSkip: false, crossAlign: 'near', padding: 6},
            },
          },
          notes: {
            labels: made.map(({seconds}, row) => ({
              x: seconds,
              y: row,
              text: formatDuration(seconds),
              color: '$ink2',
              align: 'left',
              dx: 7,
            })),
          },
          padding: LABEL_ROOM,
          tooltip: {decimals: 1},
        }),
        indexAxis: 'y',
        interaction: {mode: 'nearest', axis: 'y', intersect: false},
      },
    },
  };
}
