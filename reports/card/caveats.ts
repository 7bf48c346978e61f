/** What others have found about ChestX-ray14, and what can be counted in its published files. */
export type Caveat = Readonly<{claim: string; consequence: string; source: string}>;

export const CAVEATS: readonly Caveat[] = [
  {
    claim: 'Labels come from the text of reports.',
    consequence:
      'On 4,376 images that radiologists adjudicated, the pneumothorax label finds 46% of the cases and is right in 46% of the images that have it (kappa 0.43); nodule or mass 42% and 56% (0.41); airspace opacity, from five labels, 51% and 72% (0.32).',
    source: 'Counted from both sets of labels; Majkowska et al., Radiology 2020;294:421',
  },
  {
    claim: 'Labels are right less often than was documented.',
    consequence:
      'Looked at by a radiologist, positive predictive values were mostly 10 to 30 points lower than stated; many images with pneumothorax show the treated case with a chest drain, so a model may find the drain.',
    source: 'Oakden-Rayner, Academic Radiology 2020;27:106',
  },
  {
    claim: 'There are several releases.',
    consequence:
      'Later files add 188 labels on 181 images to those of the published CheXNet lists, and that of 2020 renumbers follow-ups and repairs ages.',
    source: 'Counted from the lists and from Data_Entry_2017_v2020.csv',
  },
  {
    claim: 'The official test part is another population than the rest.',
    consequence:
      '9.2 images a patient against 3.1, AP views 56.6% against 35.0%, no finding 38.5% against 58.4%, pneumothorax 3.4 times as frequent. Results of different splits cannot stand in one row.',
    source: 'Counted from the publisher’s train_val_list and test_list',
  },
  {
    claim: 'A model can read where an image was taken.',
    consequence:
      'Department and hospital can be told from the image alone, and prevalence goes with them. Test on images of another hospital before believing a score.',
    source: 'Zech et al., PLoS Medicine 2018;15:e1002683',
  },
  {
    claim: 'Some groups are underdiagnosed.',
    consequence:
      'Models trained on this and two other data sets missed findings more often in under-served groups. Race and income are not recorded here, so that cannot be checked.',
    source: 'Seyyed-Kalantari et al., Nature Medicine 2021;27:2176',
  },
  {
    claim: 'Distances in the PNG files mean nothing.',
    consequence:
      'Originals of about 1,100 to 3,800 by 1,000 to 4,700 pixels, 96% of them not square, were squeezed into squares of 1,024 with 8 bits. Pixel spacing in the metadata is that of the originals; a cardiothoracic ratio would be wrong.',
    source: 'Counted from OriginalImage[Width,Height] in the metadata',
  },
];
