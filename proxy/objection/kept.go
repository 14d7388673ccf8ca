package objection

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// An opt-out by a browser's signal (Global Privacy Control) that is kept is an act of [Kept] in a subject's record. It
// is no objection: what it denies, and where, [rules.Objections] says. Its scope is not in the dictionary: its mark
// says since when it is kept, so that a look-up tells that without reading more.
//
// Of a browser it is noted on which day it sent the signal last: one that did not for 13 months is forgotten. What was
// taken back meanwhile is forgotten then, too.

// Keep says that a subject opted out by a browser's signal, and that this is to be kept.
type Keep struct {
	Subject Subject
	Browser bool      // it is an identifier of a browser: it ends when that did not send the signal for 13 months
	Site    string    // id of the site where, or ""
	Time    time.Time // when; zero: now. A consent that is not younger does not lift it
}

// Keep keeps opt-outs, in one step: all of them or none. For whom one is kept already nothing is written, but once a
// day that the browser was seen. It returns for how many one is kept from now on, when everything is on disk, on the
// ledger and in force. The errors and the context are those of Apply.
func (s *Store) Keep(ctx context.Context, keeps []Keep) (fresh int, err error) {
	if keeps, err = rightKeeps(keeps, s.opts.Now()); err != nil || len(keeps) == 0 {
		return 0, err
	}
	r := &request{keeps: keeps, done: make(chan struct{})}
	if err := s.submit(ctx, r); err != nil {
		return 0, err
	}
	return r.kept, r.err
}

// rightKeeps checks what is to be kept, and fills in what nobody said, on a copy.
func rightKeeps(keeps []Keep, now time.Time) ([]Keep, error) {
	all := make([]Keep, 0, len(keeps))
	for i, k := range keeps {
		c := Change{Subjects: []Subject{k.Subject}, Source: KeptOptOut, Site: k.Site, Time: k.Time}
		c.Complaint = true // of which a change need not object to anything
		if what, err := c.normalise(now); err != nil {
			return nil, &Fault{Act: i, What: what, Err: err}
		}
		all = append(all, Keep{c.Subjects[0], k.Browser, c.Site, c.Time})
	}
	return all, nil
}

// keptBrowser is a browser that an opt-out is kept for. The stored value is
//
//	CRC-32C over key and the rest, 4 bytes, little endian
//	day when it sent the signal last, days since 1970, 4 bytes, big endian
//	namespace, hash in the ledger, hash in the feed, form
type keptBrowser struct {
	day     uint32
	subject Subject
}

func (k *keptBrowser) append(b []byte) []byte {
	b = binary.BigEndian.AppendUint32(append(b, 0, 0, 0, 0), k.day)
	b = appendText(b, k.subject.Space)
	b = append(append(append(b, k.subject.Ledger[:]...), k.subject.Feed[:]...), k.subject.Form)
	return sealed(k.subject.Hash[:], b)
}

// parseKept reads a stored value. Every error is an ErrDamaged.
func parseKept(key, value []byte) (keptBrowser, error) {
	rest, err := unseal(key, value, "a browser that an opt-out is kept for")
	if err != nil {
		return keptBrowser{}, err
	}
	d := decoder{rest: rest}
	var k keptBrowser
	if day := d.bytes(4); day != nil {
		k.day = binary.BigEndian.Uint32(day)
	}
	k.subject = Subject{Space: d.text(), Ledger: d.hash(), Feed: d.hash(), Form: d.form()}
	if d.bad || len(d.rest) > 0 || len(key) != 16 {
		return keptBrowser{}, fmt.Errorf("%w: a browser that an opt-out is kept for cannot be read", ErrDamaged)
	}
	k.subject.Hash = [16]byte(key)
	return k, nil
}

// keptTime is the key of a day when a browser was seen.
func keptTime(day uint32, hash []byte) []byte {
	return append(binary.BigEndian.AppendUint32(make([]byte, 0, 20), day), hash...)
}

// keepsOf are what is kept for several from one moment on, on one site.
type keepsOf struct {
	site string
	unix int64
}

// keep does what a request of Keep asks for. A record that cannot be read is that request's error.
func (l *leading) keep(r *request, a *answer) error {
	var groups []keepsOf
	fresh, again := map[keepsOf][]Subject{}, map[[16]byte]bool{}
	for i := range r.keeps {
		k := &r.keeps[i]
		st, err := l.stateOf(k.Subject.Hash[:])
		if err != nil {
			a.err = err
			return nil
		}
		if _, kept := find(st.record.acts, Holder{Kind: Kept}); kept || again[st.hash] || k.Subject.known() {
			continue
		}
		again[st.hash] = true
		of := keepsOf{k.Site, k.Time.Unix()}
		if fresh[of] == nil || len(fresh[of])%mostSubjects == 0 {
			groups = append(groups, of)
		}
		fresh[of] = append(fresh[of], k.Subject)
	}
	for i := range r.keeps {
		if err := l.sawKept(&r.keeps[i]); err != nil {
			return err
		}
	}
	for _, of := range groups {
		some := fresh[of][:min(len(fresh[of]), mostSubjects)]
		fresh[of] = fresh[of][len(some):]
		when := &Change{Site: of.site, Time: time.Unix(of.unix, 0).UTC()}
		done, err := l.led(Holder{Kind: Kept}, []uint32{keptSince(of.unix)}, some, when)
		if err != nil {
			return err
		}
		if err := l.recordLed(&done); err != nil {
			return err
		}
		r.kept += len(some)
	}
	return nil
}

// sawKept notes on which day a browser sent the signal.
func (l *leading) sawKept(k *Keep) error {
	if !k.Browser || k.Subject.known() {
		return nil
	}
	kept, times := l.tx.Bucket(bucketKept), l.tx.Bucket(bucketKeptTimes)
	hash, day := k.Subject.Hash[:], dayOf(k.Time)
	if value := kept.Get(hash); value != nil {
		was, err := parseKept(hash, value)
		if err != nil {
			return err
		}
		if was.day >= day {
			return nil
		}
		if err := times.Delete(keptTime(was.day, hash)); err != nil {
			return err
		}
	}
	l.wrote = true
	one := keptBrowser{day, k.Subject}
	return errors.Join(kept.Put(hash, one.append(nil)), times.Put(keptTime(day, hash), nil))
}

// expireKept forgets browsers that did not send the signal for long, with what is kept for them.
func (l *leading) expireKept() error {
	kept, times := l.tx.Bucket(bucketKept), l.tx.Bucket(bucketKeptTimes)
	var gone []Subject
	for _, time := range l.over {
		hash := time[4:]
		value := kept.Get(hash)
		if value == nil {
			continue // another request of the group ended it
		}
		one, err := parseKept(hash, value)
		if err != nil {
			return err
		}
		st, err := l.stateOf(hash)
		if err != nil || one.day != binary.BigEndian.Uint32(time) {
			continue // it cannot be read, or was seen meanwhile
		}
		if _, stands := find(st.record.acts, Holder{Kind: Kept}); stands {
			gone = append(gone, one.subject)
		}
		l.wrote = true
		if err := errors.Join(kept.Delete(hash), times.Delete(time)); err != nil {
			return err
		}
	}
	l.over = nil
	if len(gone) == 0 {
		return nil
	}
	done, err := l.led(Holder{Kind: Kept}, nil, gone, &Change{Because: notSeen, Time: l.now})
	if err != nil {
		return err
	}
	return l.recordLed(&done)
}
