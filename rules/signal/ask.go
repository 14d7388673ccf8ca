package signal

import (
	"github.com/tagwarden/tagwarden/rules/signal/cmp"
	"github.com/tagwarden/tagwarden/rules/signal/iab"
)

// Strings hands out decoded consent strings, so that whoever serves may keep them between hits. What it returns never
// changes. It is called from many goroutines at once.
type Strings interface {
	TC(text []byte) (*iab.TCString, error)
	GPP(text []byte) (*iab.GPPString, error)
}

// Ask is what a [Reader] wants to know beside the hit, and its memory between [Reader.Hit] and [Reader.Event].
type Ask struct {
	Declaration *Declaration // of the vendor that the hit is for
	Strings     Strings      // nil: every string is decoded anew
	Memo        Memo         // what sources said of cookies in other hits below this very policy; nil: each is read
	Scratch     *cmp.Scratch // the reader's room, kept between hits
	Now         int64        // Unix seconds; 0: no choice is dated ahead, and none is over

	jar      jar
	mode     modeReading // consent mode, as far as all events share it
	sections []int       // GPP sections in force, likewise; nil where nothing says which
}

// Reset forgets the hit, whose bytes are somebody else's, and keeps the memory.
func (a *Ask) Reset() {
	if a.Scratch != nil {
		a.Scratch.Reset()
	}
	a.jar.reset()
	*a = Ask{jar: a.jar}
}

// Cookies yields every cookie of the hit.
func (a *Ask) Cookies(yield func(name, value []byte) bool) { a.jar.Cookies(yield) }

func (a *Ask) tc(text []byte) (*iab.TCString, error) {
	if a.Strings == nil {
		return iab.DecodeTC(text)
	}
	return a.Strings.TC(text)
}

// tcf is what a decoded TC string says of the vendor. One that is dated ahead is none that can be read.
func (a *Ask) tcf(t *iab.TCString) TCF {
	if datedAhead(t.Updated, a.Now) {
		return TCF{State: Malformed}
	}
	return newTCF(t, a.Declaration)
}

func (a *Ask) gpp(text []byte) (*iab.GPPString, error) {
	if a.Strings == nil {
		return iab.DecodeGPP(text)
	}
	return a.Strings.GPP(text)
}
