package cmp

import "github.com/tagwarden/tagwarden/rules/signal/read"

// Decided tells whether the visitor acted. A grant counts only where a choice of the visitor is recorded.
type Decided uint8

// The answers. The zero value: nobody chose, or nothing tells that anybody did.
const (
	Undecided Decided = iota
	Decides
	Unknowable // the cookie cannot tell
)

// String returns the word that output uses.
func (d Decided) String() string {
	switch d {
	case Decides:
		return "decided"
	case Unknowable:
		return "unknowable"
	default:
		return "undecided"
	}
}

// Flag is a yes or a no that may be missing.
type Flag uint8

// The flags.
const (
	Unsaid Flag = iota
	No
	Yes
)

// String returns the word that output uses.
func (f Flag) String() string {
	switch f {
	case No:
		return "no"
	case Yes:
		return "yes"
	default:
		return "unsaid"
	}
}

func flagOf(yes bool) Flag {
	if yes {
		return Yes
	}
	return No
}

// Statement is what the cookies of one platform say, as [Platform.Read] finds it; what they say of single ids are
// [Item]s.
type Statement struct {
	State   read.State
	Decided Decided
	AtMilli int64 // when the visitor chose, Unix milliseconds; 0 where the cookies do not tell

	LastMilli int64 // when they acted last, where the cookies tell that apart; else 0
	EndMilli  int64 // when the choice is over by the cookies' own word; 0 where they do not tell

	Objection bool // an explicit objection: an opt-out or do-not-track cookie. It holds whatever the other cookies say
	Opaque    bool // a cookie is there that only the platform can read

	AcceptedOnly     bool // the categories that were accepted are named, and no others: what is not named was refused
	ServicesAccepted bool // likewise of services

	GPC            Flag // the platform's note of Sec-GPC
	CookiesAllowed Flag // Matomo: cookies may be set, which says nothing of tracking
	Consent        Flag // Tealium: its word for all categories together

	// US is iubenda's record for US states: sale, sharing, targeted advertising. No is an opt-out.
	US [3]Flag

	Region, Method, Model []byte // as the platform writes them: "de", "explicit", "implied"

	IABStrings // those inside the platform's cookies, else those of cookies with the usual names beside them
}

// IABStrings are strings of IAB's and Google's, percent-decoded.
type IABStrings struct{ TC, AC, USP, GPP, GPPSID []byte }

// At is when the visitor chose, in Unix seconds; 0 where the cookies do not tell.
func (st *Statement) At() int64 { return st.AtMilli / 1000 }

// Last is when the visitor acted last, in Unix seconds; 0 where the cookies do not tell.
func (st *Statement) Last() int64 { return max(st.AtMilli, st.LastMilli) / 1000 }

// Over tells whether the choice is over by the cookies' own word; now is in Unix seconds, 0 where nobody knows it.
func (st *Statement) Over(now int64) bool {
	return now != 0 && st.EndMilli != 0 && st.EndMilli/1000 < now
}

// List tells what an item is an answer to.
type List uint8

// The lists: categories and services, by consent and by legitimate interest. Of the latter, granted means that
// the visitor was told and did not object.
const (
	Category List = iota
	Service
	CategoryLI
	ServiceLI

	numLists
)

// String returns the word that output uses.
func (l List) String() string {
	switch l {
	case Category:
		return "category"
	case Service:
		return "service"
	case CategoryLI:
		return "category (legitimate interest)"
	default:
		return "service (legitimate interest)"
	}
}

// Item is one answer. An id that has none is not granted. "*" stands for everything that the platform asks about.
type Item struct {
	List    List
	ID      []byte // the platform's own id, decoded; into the jar's bytes or the scratch
	Granted bool
}

// Settings is what a site changed about its platform.
type Settings struct {
	Cookie   string // name of the (first) cookie; for Complianz the prefix of every name. Empty: as the platform ships
	Revision int    // cookieconsent: the revision that the site asks consent for; other ones are out of date. -1 takes any
}

func (set *Settings) or(usual string) string {
	if set.Cookie != "" {
		return set.Cookie
	}
	return usual
}
