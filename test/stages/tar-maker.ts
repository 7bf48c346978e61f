/** Makes tar archives member by member, the plain way: also such as no tar program would make. */
export type Member = Readonly<{
  name: string;
  content?: Uint8Array;
  /** Tar's type flags: 0 file, 1 link, 2 symbolic link, 3 device, 5 folder, x extended header. */
  type?: string;
  link?: string;
  /** What the header says of the size, if not the truth. */
  size?: number;
  /** Instead of the right checksum. */
  checksum?: number;
}>;

const BLOCK = 512;

/** The mark at the end of an archive: two blocks of zeros. */
export const TAR_END = Buffer.alloc(2 * BLOCK);

export function makeTar(members: readonly Member[], end: Uint8Array = TAR_END): Buffer {
  return Buffer.concat([...members.map(blocksOf), end]);
}

/** Header and content of a member, filled up to whole blocks. */
export function blocksOf(member: Member): Buffer {
  const content = member.content ?? Buffer.alloc(0);
  return Buffer.concat([
    headerOf(member, content.length),
    content,
    Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK),
  ]);
}

function headerOf({name, type = '0', link = '', size, checksum}: Member, length: number): Buffer {
  const header = Buffer.alloc(BLOCK);
  header.write(name, 0, 100);
  header.write('0000644\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  header.write(`${(size ?? length).toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000000\0', 136);
  header.write('        ', 148);
  header.write(type, 156);
  header.write(link, 157, 100);
  header.write('ustar\u000000', 257);
  const sum = checksum ?? header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}

/** An extended header: what it says counts for the member behind it. */
export function extendedHeader(fields: Readonly<Record<string, string>>): Member {
  const lines = Object.entries(fields).map(([key, value]) => {
    const rest = ` ${key}=${value}\n`;
    let length = Buffer.byteLength(rest) + 1;
    while (Buffer.byteLength(rest) + String(length).length !== length) length++;
    return `${length}${rest}`;
  });
  return {name: 'PaxHeader/member', type: 'x', content: Buffer.from(lines.join(''))};
}
