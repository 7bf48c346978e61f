import type {Failure} from '../../model/failure.js';

/** DICOM files cannot be decoded here, whatever is in them: no image is to blame, and none can be told apart as bad. */
export class DicomError extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super('message' in failure ? failure.message : failure.reason);
    this.name = 'DicomError';
    this.failure = failure;
  }
}
