/** The 14 findings of ChestX-ray14 in the order of the CheXNet lists (Wang et al. 2017; Rajpurkar et al. 2017). */
export const FINDINGS = [
  'Atelectasis',
  'Cardiomegaly',
  'Effusion',
  'Infiltration',
  'Mass',
  'Nodule',
  'Pneumonia',
  'Pneumothorax',
  'Consolidation',
  'Edema',
  'Emphysema',
  'Fibrosis',
  'Pleural_Thickening',
  'Hernia',
] as const;

export type Finding = (typeof FINDINGS)[number];

export const FOLDS = ['train', 'val', 'test'] as const;
export type Fold = (typeof FOLDS)[number];
