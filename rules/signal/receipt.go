package signal

import "github.com/tagwarden/tagwarden/rules/signal/read"

// Receipt is what stands for a visitor by receipts: records of the act of choosing, as [Receipts] reads them. What the
// hit itself says is not in it. The zero value says nothing.
type Receipt struct {
	Granted Categories // by a choice that the site vouches for
	Refused Categories // by any choice; the stricter holds
	At      int64      // when the choice was made that the site vouches for, Unix seconds; 0: it vouches for none
}

// Merge adds what stands for another identifier of the same visitor. Any refusal counts; a grant counts where
// everything that the site vouches for gives it.
func (r *Receipt) Merge(other Receipt) {
	r.Refused |= other.Refused
	switch {
	case other.At == 0:
	case r.At == 0:
		r.Granted, r.At = other.Granted, other.At
	default:
		r.Granted, r.At = r.Granted&other.Granted, read.Older(r.At, other.At)
	}
}

// Refuse adds the refusals of another receipt, and nothing else of it.
func (r *Receipt) Refuse(other Receipt) { r.Refused |= other.Refused }

// Tightens tells whether other may deny what r does not: it refuses more, or vouches for less.
func (r Receipt) Tightens(other Receipt) bool {
	return other.Refused&^r.Refused != 0 || other.At != 0 && r.Granted&^other.Granted != 0
}

// reading is what a receipt says at a time, Unix seconds; 0: nobody knows the time.
func (r Receipt) reading(now int64) SourceReading {
	said := SourceReading{Kind: Receipts}
	if r.Granted|r.Refused == 0 {
		return said
	}
	said.State, said.Refused, said.Declined = Valid, r.Refused, r.Refused
	if said.Granted = r.Granted &^ r.Refused; said.Granted != 0 {
		said.At, said.Last = r.At, r.At
	}
	if datedAhead(said.At, now) {
		said.disregard()
	}
	return said
}

// ReadsReceipts tells whether the site lists receipts as a source.
func (r *Reader) ReadsReceipts() bool { return r.receipts > 0 }

// Heed puts what stands for a visitor by receipts into what a hit says, or what [Signals.ReadKept] read of one. A site
// that does not list receipts hears nothing of them. It is false where there is no room for what is said: then nobody
// knows.
func (r *Reader) Heed(s *Signals, of Receipt, now int64, note Note) bool {
	if r.receipts == 0 {
		return true
	}
	said, at := of.reading(now), r.receipts-1
	r.tell(note, &said, "the visitor's identifiers")
	if at >= int(s.N) || s.Sources[at].Kind != Receipts { // it has no place yet
		switch {
		case said.State == Absent:
			return true
		case s.N >= MaxSources:
			return false
		}
		at = int(s.N)
		s.N++
	}
	s.Sources[at] = said
	return true
}
