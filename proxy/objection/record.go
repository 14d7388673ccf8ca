package objection

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// record is what is stored of one subject. The stored value is
//
//	CRC-32C over key and the rest, 4 bytes, little endian
//	first change, seconds since 1970, varint
//	last change, seconds after the first, its bits turned round, varint (so that it is negative)
//	number of the last change in the change log, uvarint
//	source of the last change, number in the dictionary of sources, uvarint
//	number of the normal form that was hashed, uvarint; and 256 where something was taken back, and 512 where choices
//	stand
//	scopes in force, see Scopes, with their length before them
//	where something was taken back: these scopes, with their length before them, and when the last of them was,
//	seconds after the first change, varint
//	where choices stand: see chosen; what look-ups read to here
//	number of acts, uvarint; of each, see act, ascending by holder
//
// Before acts were told apart, the last change was not turned round, and scopes in force followed the source, to the
// end. Such a value is read as one act of Earlier; it is never written.
//
// A subject that took everything back keeps its record, without scopes.
type record struct {
	first, last int64
	seq         uint64
	source      uint32
	form        uint8
	scopes      Scopes // in force: the union of acts
	back        takenBack
	chosen      chosen
	acts        []act // those that stand, ascending by holder; never changed in place
	old         bool  // it is stored as it was before acts were told apart
}

// append adds the stored value.
func (r *record) append(b []byte, key *[16]byte) []byte {
	start := len(b)
	b = append(b, 0, 0, 0, 0)
	b = binary.AppendVarint(b, r.first)
	b = binary.AppendVarint(b, ^(r.last - r.first))
	b = binary.AppendUvarint(b, r.seq)
	b = binary.AppendUvarint(b, uint64(r.source))
	form := uint64(r.form)
	if r.back.scopes.Any() {
		form |= flagTakenBack
	}
	if r.chosen != (chosen{}) {
		form |= flagChosen
	}
	b = binary.AppendUvarint(b, form)
	b = appendText(b, r.scopes.set)
	if r.back.scopes.Any() {
		b = r.back.append(b, r.first)
	}
	if r.chosen != (chosen{}) {
		b = r.chosen.append(b, r.first)
	}
	b = binary.AppendUvarint(b, uint64(len(r.acts)))
	for i := range r.acts {
		b = r.acts[i].append(b, r.scopes)
	}
	binary.LittleEndian.PutUint32(b[start:], checksum(key[:], b[start+4:]))
	return b
}

// standing is what a look-up finds.
func (r *record) standing() standing {
	return standing{r.scopes, r.past(), actingIn(r.acts), r.chosen.scopes()}
}

// older tells whether something is in force for a subject of an older form than the newest.
func (r *record) older() bool {
	return (r.scopes.Any() || r.chosen != chosen{}) && r.form < NewestForm
}

func checksum(key, rest []byte) uint32 {
	return crc32.Update(crc32.Checksum(key, castagnoli), castagnoli, rest)
}

// parseRecord reads a stored value. Every error is an ErrDamaged.
func parseRecord(key, value []byte) (record, error) {
	r, d, err := parseInForce(key, value)
	if err == nil && !r.parseActs(&d) {
		err = fmt.Errorf("%w: the acts in a subject's record cannot be read", ErrDamaged)
	}
	if err != nil {
		return record{}, err
	}
	return r, nil
}

// parseInForce reads a stored value but for the acts, which d goes on with. Every error is an ErrDamaged.
func parseInForce(key, value []byte) (r record, d decoder, err error) {
	if len(key) != 16 || len(value) < 4 || binary.LittleEndian.Uint32(value) != checksum(key, value[4:]) {
		return record{}, d, fmt.Errorf("%w: the checksum of a subject's record does not match", ErrDamaged)
	}
	d.rest = value[4:]
	r.first = d.varint()
	after := d.varint()
	r.seq = d.uvarint()
	source := d.uvarint()
	form, set, right, chose := uint64(1), d.rest, true, true
	if after >= 0 {
		r.old, r.last, d.rest = true, r.first+after, nil
	} else {
		r.last = r.first + ^after
		form = d.uvarint()
		set = d.bytes(d.uvarint())
		if form&flagTakenBack != 0 {
			form &^= flagTakenBack
			r.back, right = d.takenBack(r.first)
		}
		if form&flagChosen != 0 {
			form &^= flagChosen
			r.chosen, chose = d.chosen(r.first)
		}
	}
	scopes, ok := parseScopes(set)
	if d.bad || source > 1<<32-1 || form == 0 || form > 255 || !ok || !right || !chose {
		return record{}, d, fmt.Errorf("%w: a subject's record cannot be read", ErrDamaged)
	}
	r.source, r.form, r.scopes = uint32(source), uint8(form), scopes
	return r, d, nil
}

// decoder takes values off stored bytes. After the first that is not there, bad is set and everything is zero.
type decoder struct {
	rest []byte
	bad  bool
}

func (d *decoder) fail() { d.rest, d.bad = nil, true }

func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.rest)
	if n <= 0 {
		d.fail()
		return 0
	}
	d.rest = d.rest[n:]
	return v
}

func (d *decoder) varint() int64 {
	v, n := binary.Varint(d.rest)
	if n <= 0 {
		d.fail()
		return 0
	}
	d.rest = d.rest[n:]
	return v
}

// bytes takes n bytes off. They are not copied.
func (d *decoder) bytes(n uint64) []byte {
	if n > uint64(len(d.rest)) {
		d.fail()
		return nil
	}
	b := d.rest[:n]
	d.rest = d.rest[n:]
	return b
}

func (d *decoder) text() string { return string(d.bytes(d.uvarint())) }

func (d *decoder) hash() (h [16]byte) {
	copy(h[:], d.bytes(16))
	return h
}

// count takes the number of things to come, each of which has at least size bytes.
func (d *decoder) count(size int) int {
	n := d.uvarint()
	if n > uint64(len(d.rest)/size) {
		d.fail()
		return 0
	}
	return int(n)
}

func (d *decoder) texts() []string {
	n := d.count(1)
	if n == 0 {
		return nil
	}
	list := make([]string, n)
	for i := range list {
		list[i] = d.text()
	}
	return list
}

func appendText(b []byte, text string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

func appendTexts(b []byte, list []string) []byte {
	b = binary.AppendUvarint(b, uint64(len(list)))
	for _, text := range list {
		b = appendText(b, text)
	}
	return b
}
