// Turns clang's BPF object (one .text, some .rodata, calls to undefined symbols = syscalls) into the shared object that Solana's loader takes.
// The loader's rules, which decide every number below: ET_DYN, machine 247, section addresses equal to file offsets, syscalls bound
// by R_BPF_64_32 entries of .rel.dyn to named dynamic symbols with the call immediate set to -1, and addresses of constants
// (`lddw`) marked R_BPF_64_RELATIVE so that the loader can move them into the program's region.

/** Links one relocatable object to a loadable program. Deterministic: the same bytes in give the same bytes out. */
export const link = (object) => {
  const { sections, symbols } = readObject(object)
  const text = sections.find((s) => s.name === '.text')
  const constants = sections.filter((s) => s.name.startsWith('.rodata') && s.size > 0)
  for (const s of sections) {
    const allocated = (s.flags & SHF_ALLOC) !== 0 && s.size > 0
    if (allocated && s !== text && !constants.includes(s)) throw new Error(`section ${s.name} cannot be loaded: no writable or zeroed data in a program`)
  }
  const entry = symbols.find((s) => s.name === 'entrypoint')
  if (!text || !entry) throw new Error('no .text or no entrypoint')

  const textAt = align8(ELF_HEADER + PROGRAM_HEADER * 3)
  let end = align8(textAt + text.size)
  const constantsAt = end
  const placed = new Map()
  for (const s of constants) {
    end = align(end, Math.max(1, s.alignment))
    placed.set(s.index, end)
    end += s.size
  }
  const code = Buffer.from(object.subarray(text.offset, text.offset + text.size))
  const { relocations, imports } = relocate({ object, sections, symbols, text, code, textAt, placed })

  const dynamicAt = align8(end)
  const dynsymAt = dynamicAt + DYNAMIC_ENTRY * 6
  const dynstr = stringTable(['', ...imports])
  const dynstrAt = dynsymAt + SYMBOL * (imports.length + 1)
  const relAt = align8(dynstrAt + dynstr.bytes.length)
  const relSize = REL * relocations.length
  const sectionNames = stringTable(['', '.text', '.rodata', '.dynamic', '.dynsym', '.dynstr', '.rel.dyn', '.shstrtab'])
  const namesAt = relAt + relSize
  const headersAt = align8(namesAt + sectionNames.bytes.length)
  const out = Buffer.alloc(headersAt + SECTION_HEADER * 8)

  writeElfHeader(out, textAt + entry.value, headersAt)
  writeProgramHeader(out, 0, PT_LOAD, READ_EXECUTE, textAt, end - textAt)
  writeProgramHeader(out, 1, PT_LOAD, READ, dynamicAt, relAt + relSize - dynamicAt)
  writeProgramHeader(out, 2, PT_DYNAMIC, READ | WRITE, dynamicAt, DYNAMIC_ENTRY * 6)
  code.copy(out, textAt)
  for (const s of constants) object.copy(out, placed.get(s.index), s.offset, s.offset + s.size)
  const dynamic = [
    [DT_REL, relAt],
    [DT_RELSZ, relSize],
    [DT_RELENT, REL],
    [DT_SYMTAB, dynsymAt],
    [DT_STRTAB, dynstrAt],
    [DT_NULL, 0],
  ]
  dynamic.forEach(([tag, value], i) => {
    write64(out, dynamicAt + i * DYNAMIC_ENTRY, tag)
    write64(out, dynamicAt + i * DYNAMIC_ENTRY + 8, value)
  })
  imports.forEach((_, i) => {
    const at = dynsymAt + SYMBOL * (i + 1)
    out.writeUInt32LE(dynstr.at[i + 1], at)
    out[at + 4] = GLOBAL_NOTYPE
  })
  dynstr.bytes.copy(out, dynstrAt)
  relocations.forEach(({ at, type, symbol }, i) => {
    write64(out, relAt + i * REL, at)
    out.writeUInt32LE(type, relAt + i * REL + 8)
    out.writeUInt32LE(symbol, relAt + i * REL + 12)
  })
  sectionNames.bytes.copy(out, namesAt)
  const header = (index, type, flags, offset, size, linked = 0, entrySize = 0) => {
    const at = headersAt + index * SECTION_HEADER
    out.writeUInt32LE(sectionNames.at[index], at)
    out.writeUInt32LE(type, at + 4)
    write64(out, at + 8, flags)
    write64(out, at + 16, flags & SHF_ALLOC ? offset : 0)
    write64(out, at + 24, offset)
    write64(out, at + 32, size)
    out.writeUInt32LE(linked, at + 40)
    write64(out, at + 48, 8)
    write64(out, at + 56, entrySize)
  }
  header(1, SHT_PROGBITS, SHF_ALLOC | SHF_EXEC, textAt, text.size)
  header(2, SHT_PROGBITS, SHF_ALLOC, constantsAt, end - constantsAt)
  header(3, SHT_DYNAMIC, SHF_ALLOC, dynamicAt, DYNAMIC_ENTRY * 6, 5, DYNAMIC_ENTRY)
  header(4, SHT_DYNSYM, SHF_ALLOC, dynsymAt, SYMBOL * (imports.length + 1), 5, SYMBOL)
  header(5, SHT_STRTAB, SHF_ALLOC, dynstrAt, dynstr.bytes.length)
  header(6, SHT_REL, SHF_ALLOC, relAt, relSize, 4, REL)
  header(7, SHT_STRTAB, 0, namesAt, sectionNames.bytes.length)
  return out
}

const ELF_HEADER = 64
const PROGRAM_HEADER = 56
const SECTION_HEADER = 64
const SYMBOL = 24
const REL = 16
const DYNAMIC_ENTRY = 16
const [SHF_ALLOC, SHF_EXEC] = [2, 4]
const [SHT_PROGBITS, SHT_SYMTAB, SHT_STRTAB, SHT_DYNAMIC, SHT_REL, SHT_DYNSYM] = [1, 2, 3, 6, 9, 11]
const [PT_LOAD, PT_DYNAMIC] = [1, 2]
const [READ, WRITE, READ_EXECUTE] = [4, 2, 5]
const [DT_NULL, DT_STRTAB, DT_SYMTAB, DT_REL, DT_RELSZ, DT_RELENT] = [0, 5, 6, 17, 18, 19]
const GLOBAL_NOTYPE = 0x10
const R_BPF_64_64 = 1
const R_BPF_64_RELATIVE = 8
const R_BPF_64_32 = 10

const align = (value, to) => Math.ceil(value / to) * to
const align8 = (value) => align(value, 8)
const write64 = (buffer, at, value) => buffer.writeBigUInt64LE(BigInt(value), at)

const readObject = (o) => {
  const u64 = (at) => Number(o.readBigUInt64LE(at))
  const text = (at) => o.toString('utf8', at, o.indexOf(0, at))
  const headers = u64(0x28)
  const sections = Array.from({ length: o.readUInt16LE(0x3c) }, (_, index) => {
    const at = headers + index * SECTION_HEADER
    return {
      index,
      nameAt: o.readUInt32LE(at),
      type: o.readUInt32LE(at + 4),
      flags: u64(at + 8),
      offset: u64(at + 24),
      size: u64(at + 32),
      linked: o.readUInt32LE(at + 40),
      info: o.readUInt32LE(at + 44),
      alignment: u64(at + 48),
    }
  })
  const sectionNames = sections[o.readUInt16LE(0x3e)]
  for (const s of sections) s.name = text(sectionNames.offset + s.nameAt)
  const table = sections.find((s) => s.type === SHT_SYMTAB)
  const symbolNames = sections[table.linked]
  const symbols = Array.from({ length: table.size / SYMBOL }, (_, i) => {
    const at = table.offset + i * SYMBOL
    return { name: text(symbolNames.offset + o.readUInt32LE(at)), section: o.readUInt16LE(at + 6), value: u64(at + 8) }
  })
  return { sections, symbols }
}

/** Resolves the object's relocations in `code`; what only the loader can know is returned as dynamic relocations. */
const relocate = ({ object, sections, symbols, text, code, textAt, placed }) => {
  const imports = []
  const relocations = []
  for (const s of sections.filter((r) => r.type === SHT_REL && r.info === text.index)) {
    for (let p = s.offset; p < s.offset + s.size; p += REL) {
      const at = Number(object.readBigUInt64LE(p))
      const type = object.readUInt32LE(p + 8)
      const symbol = symbols[object.readUInt32LE(p + 12)]
      if (type === R_BPF_64_32 && symbol.section === 0) {
        if (!imports.includes(symbol.name)) imports.push(symbol.name)
        code.writeInt32LE(-1, at + 4)
        relocations.push({ at: textAt + at, type: R_BPF_64_32, symbol: imports.indexOf(symbol.name) + 1 })
      } else if (type === R_BPF_64_64 && placed.has(symbol.section)) {
        code.writeUInt32LE(placed.get(symbol.section) + symbol.value + code.readUInt32LE(at + 4), at + 4)
        code.writeUInt32LE(0, at + 12)
        relocations.push({ at: textAt + at, type: R_BPF_64_RELATIVE, symbol: 0 })
      } else throw new Error(`relocation ${type} to ${symbol.name || `section ${symbol.section}`} is not supported: inline the function`)
    }
  }
  return { imports, relocations }
}

const stringTable = (strings) => {
  let bytes = Buffer.alloc(0)
  const at = strings.map((s) => {
    const start = bytes.length
    bytes = Buffer.concat([bytes, Buffer.from(`${s}\0`)])
    return start
  })
  return { bytes, at }
}

const writeElfHeader = (out, entry, headersAt) => {
  out.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]) // ELF, 64 bit, little-endian
  out.writeUInt16LE(3, 16) // ET_DYN
  out.writeUInt16LE(247, 18) // EM_BPF: the first generation of the VM, which every loader still takes
  out.writeUInt32LE(1, 20)
  write64(out, 24, entry)
  write64(out, 32, ELF_HEADER)
  write64(out, 40, headersAt)
  out.writeUInt16LE(ELF_HEADER, 52)
  out.writeUInt16LE(PROGRAM_HEADER, 54)
  out.writeUInt16LE(3, 56)
  out.writeUInt16LE(SECTION_HEADER, 58)
  out.writeUInt16LE(8, 60)
  out.writeUInt16LE(7, 62)
}

const writeProgramHeader = (out, index, type, flags, offset, size) => {
  const at = ELF_HEADER + PROGRAM_HEADER * index
  out.writeUInt32LE(type, at)
  out.writeUInt32LE(flags, at + 4)
  for (const field of [8, 16, 24]) write64(out, at + field, offset)
  for (const field of [32, 40]) write64(out, at + field, size)
  write64(out, at + 48, 8)
}
