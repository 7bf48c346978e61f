/** Bytes before the first array element: what NumPy writes for shapes up to this size, padded the same for all. */
export const NPY_HEADER_BYTES = 128;

/** Header of a .npy file, format 1.0: `rows` square images of unsigned bytes, in C order. */
export function npyHeader({rows, size}: Readonly<{rows: number; size: number}>): Buffer {
  const description = `{'descr': '|u1', 'fortran_order': False, 'shape': (${rows}, ${size}, ${size}), }`;
  const start = Buffer.from([0x93, ...Buffer.from('NUMPY'), 1, 0, NPY_HEADER_BYTES - 10, 0]);
  return Buffer.concat([start, Buffer.from(`${description.padEnd(NPY_HEADER_BYTES - 11)}\n`)]);
}
