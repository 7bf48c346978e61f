export {unfilter} from './unfilter';
export {resizeRows, resizeColumns} from './resize';

/** First byte of memory that the caller may use; everything above belongs to it. */
export function heapStart(): usize {
  return __heap_base;
}
