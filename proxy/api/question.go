package api

import (
	"encoding/hex"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/proxy/access"
	"github.com/tagwarden/tagwarden/proxy/ledger/query"
	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/proxy/problem"
)

// The bounds of a page of records.
const (
	usualRecords = 100
	mostRecords  = 1000
	mostExported = 10_000 // of an export
)

// notInAddresses are members of records that are not asked about in an address: those that are of a person or that
// somebody wrote, and those that nobody looks for.
var notInAddresses = []string{
	query.Subject, "subjects", "act", "because", "text", "time", "times", "chosen", "salt", "crc", "part",
	"parts", "of", "ladder",
	"signals",
}

// paging are the parameters that say which page is wanted, and how.
var paging = []string{"begin", "end", "limit", "wide"}

// questionWords are what a question in a body is made of, beside ids and country.
var questionWords = func() (all []string) {
	for _, word := range query.Words() {
		all = append(all, word.Name)
	}
	for _, member := range query.Members() {
		if !slices.Contains(all, member) && !slices.Contains(paging, member) {
			all = append(all, member)
		}
	}
	return all
}()

// addressWords are what one in an address is made of.
var addressWords = slices.DeleteFunc(slices.Clone(questionWords), func(name string) bool {
	return slices.Contains(notInAddresses, name)
})

// RecordParameters are those by which records are asked for in an address: none of them is of a person.
func RecordParameters() []string { return append(slices.Clone(paging), addressWords...) }

// once are the words that are said once.
var once = func() (all []string) {
	for _, word := range query.Words() {
		if !word.Several() {
			all = append(all, word.Name)
		}
	}
	return all
}()

// severalTimes tells whether a word may be said several times.
func severalTimes(name string) bool {
	return !slices.Contains(once, name) && !slices.Contains(paging, name)
}

// searchRecords shows the records that fit: GET /ledger/records, with what `tagwarden logs search` has as flags.
func searchRecords(h *handler, w http.ResponseWriter, r *http.Request, who caller) error {
	if h.opts.Records == nil {
		return notHere("the log's records are not read here")
	}
	ask, err := askedInAddress(h, r)
	if err != nil {
		return err
	}
	return answerRecords(h, w, r, who, VerbSearch, ask)
}

// searchInBody is searchRecords where the question stands in a body, and may be about a person: POST /ledger/records.
func searchInBody(h *handler, w http.ResponseWriter, r *http.Request, who caller) error {
	return recordsInBody(h, w, r, who, VerbSearch, mostRecords)
}

// exportRecords is searchInBody for whoever takes records away, in larger pages: POST /ledger/export.
func exportRecords(h *handler, w http.ResponseWriter, r *http.Request, who caller) error {
	return recordsInBody(h, w, r, who, VerbExport, mostExported)
}

func recordsInBody(h *handler, w http.ResponseWriter, r *http.Request, who caller, verb string, most int) error {
	if h.opts.Records == nil {
		return notHere("the log's records are not read here")
	}
	in := &asker{h: h, words: questionWords, most: most}
	ask, err := askedInBody(w, r, who, in)
	if err != nil {
		return err
	}
	ask.unfound = in.person.unfound()
	return answerRecords(h, w, r, who, verb, ask)
}

// answerRecords answers with a page of records, once it is recorded that they are read.
func answerRecords(
	h *handler, w http.ResponseWriter, r *http.Request, who caller, verb string, ask *RecordsAsk,
) error {
	done, err := takeReader(h)
	if err != nil {
		return err
	}
	defer done()
	page, err := h.opts.Records.Search(r.Context(), *ask)
	if fault, wrong := errors.AsType[*query.Fault](err); wrong {
		return questionProblem(r, fault)
	}
	if err != nil {
		return err
	}
	n := len(page.Records)
	if n == 0 {
		page.Detail = ask.unfound
	}
	of := Reading{Verb: verb, From: ask.Since, To: ask.Until, Records: &n}
	of.asks(&ask.Question)
	if err := h.reads(who, of); err != nil {
		return err
	}
	return replyExact(w, http.StatusOK, page)
}

// asks notes what a question is about.
func (r *Reading) asks(q *query.Question) {
	members, subjects := q.Asks()
	r.Asked = append(r.Asked, members...)
	for _, text := range subjects {
		var hash [16]byte
		if n, err := hex.Decode(hash[:], []byte(text)); err == nil && n == len(hash) {
			r.Subjects = append(r.Subjects, hash)
		}
	}
}

// askedInAddress reads a question from the parameters of a call.
func askedInAddress(h *handler, r *http.Request) (*RecordsAsk, error) {
	p := readParameters(r, RecordParameters(), severalTimes)
	ask := &RecordsAsk{Wide: p.text("wide") == "true"}
	if !slices.Contains([]string{"", "true", "false"}, p.text("wide")) {
		p.wrong("wide", "true is right, or false")
	}
	for _, name := range slices.Sorted(maps.Keys(p.given)) {
		if !slices.Contains(addressWords, name) {
			continue
		}
		for _, value := range p.given[name] {
			if err := ask.Say(name, value, h.opts.Now()); err != nil {
				p.wrong(name, "that is not right: "+err.Error())
			}
		}
	}
	for _, pair := range [][2]string{{"since", "from"}, {"until", "to"}} {
		if p.given.Has(pair[0]) && p.given.Has(pair[1]) {
			p.wrong(pair[1], "it says the same as "+pair[0]+": one of them is right")
		}
	}
	for i := range ask.Where {
		if slices.Contains(notInAddresses, ask.Where[i].Member) {
			p.wrong("where", atNoAddress)
		}
	}
	begin, end := p.number("begin", 0, mostNumber, 0), p.number("end", 1, mostNumber, 0)
	ask.page(begin, end)
	ask.Limit = int(p.number("limit", 1, mostRecords, usualRecords)) // it is in bounds
	if end != 0 && end <= begin {
		p.wrong("end", "it is not behind begin: the record of that number is not included")
	}
	if err := p.problem(); err != nil {
		return nil, err
	}
	if fault, wrong := errors.AsType[*query.Fault](ask.Check()); wrong {
		return nil, questionProblem(r, fault)
	}
	return ask, nil
}

// page narrows down the numbers that are asked about; 0: by nothing.
func (a *RecordsAsk) page(begin, end uint64) {
	of := &a.Numbers
	of.First = max(of.First, begin)
	if end != 0 && (of.End == 0 || end < of.End) {
		of.End = end
	}
}

// questionProblem is what is wrong with a question, as an answer. A value that could be somebody's is not shown again.
func questionProblem(r *http.Request, fault *query.Fault) *problem.Document {
	why := fault.Why
	if before, rest, found := strings.Cut(why, "`"); found {
		if value, behind, _ := strings.Cut(rest, "`"); shown(value) == "" && !harmless(value) {
			why = before + "that is given" + behind
		}
	}
	name := fault.Member
	for _, word := range query.Words() {
		if word.Member == name {
			name = word.Name
		}
	}
	d := problem.New(http.StatusUnprocessableEntity, "invalid", "nothing was done")
	if r.Method != http.MethodPost {
		d = problem.New(http.StatusBadRequest, "parameter", "the call's parameters are not right: nothing was done")
		d.Faults = []problem.Fault{{Parameter: named(name), Detail: why}}
		return d
	}
	at := (*place)(nil)
	if named(name) != "" {
		at = at.member(name)
	}
	d.Faults = []problem.Fault{{Pointer: at.pointer(), Detail: why}}
	return d
}

// harmless tells whether a value is short, and of letters, digits and dashes that no identifier of a person is made of.
func harmless(value string) bool {
	digits := 0
	for _, c := range value {
		switch {
		case c >= '0' && c <= '9':
			digits++
		case (c < 'a' || c > 'z') && c != '-' && c != '_':
			return false
		}
	}
	return len(value) <= 32 && digits <= 4
}

// asker reads a question in a body.
type asker struct {
	reader
	h      *handler
	words  []string // that it may say
	most   int      // records of a page; 0: there are no pages
	ask    RecordsAsk
	person act
	given  []objection.ID // of the person, as they were given
}

// askedInBody reads a question from a body: what a call's address may say, and whom it is about. That
// is for those who may ask about persons.
func askedInBody(w http.ResponseWriter, r *http.Request, who caller, in *asker) (*RecordsAsk, error) {
	if err := parametersOf(r).problem(); err != nil {
		return nil, err
	}
	v, err := readJSON(w, r)
	if err != nil {
		return nil, err
	}
	in.country, in.person, in.ask.Limit = in.h.opts.PhoneCountry, newAct(nil), min(usualRecords, in.most)
	in.read(v)
	if err := in.problem(); err != nil {
		return nil, err
	}
	ids := in.person.IDs
	if _, subjects := in.ask.Asks(); len(subjects)+len(ids) > 0 {
		if err := allows(in.h, who, access.ReadSubjects); err != nil {
			return nil, err
		}
	}
	if len(ids) > 0 {
		hashes, err := hashesOf(in.h, &in.person)
		if err != nil {
			return nil, err
		}
		in.ask.And(query.Subject, hashes...)
	}
	if fault, wrong := errors.AsType[*query.Fault](in.ask.Check()); wrong {
		return nil, questionProblem(r, fault)
	}
	return &in.ask, nil
}

// hashesOf are those that the log may know a person by.
func hashesOf(h *handler, who *act) ([]string, error) {
	if h.opts.Hashes == nil {
		return nil, missing("there are no keys here")
	}
	subject, err := logSubject(h, who)
	return subject.Hashes, err
}

// read reads the body.
func (b *asker) read(v gjson.Result) {
	known := strings.Join(append([]string{"ids", "country"}, b.words...), ", ")
	if b.most > 0 {
		known += ", " + strings.Join(paging, ", ")
	}
	var begin, end uint64
	members(v, nil, &b.faults, known, func(name string, v gjson.Result, at *place) bool {
		if b.most == 0 && slices.Contains(paging, name) {
			return false
		}
		switch name {
		case "ids":
			b.ids(&b.person, v, at)
		case "country":
			b.person.country = b.countryOf(v, at)
		case "begin":
			begin = number(v, at, &b.faults)
		case "end":
			end = number(v, at, &b.faults)
		case "limit":
			b.ask.Limit = int(min(number(v, at, &b.faults), mostNumber))
			if b.ask.Limit < 1 || b.ask.Limit > b.most {
				b.at(at, "a whole number from 1 to %d is right", b.most)
			}
		case "wide":
			b.ask.Wide = truth(v, at, &b.faults)
		default:
			return b.say(name, v, at)
		}
		return true
	})
	if end != 0 && end <= begin {
		b.at((*place)(nil).member("end"), "it is not behind begin: the record of that number is not included")
	}
	b.ask.page(begin, end)
	if b.given = b.person.IDs; len(b.all) == 0 {
		b.understand(&b.person)
	}
}

// say reads a word of the question: a value, or several.
func (b *asker) say(name string, v gjson.Result, at *place) bool {
	if !slices.Contains(b.words, name) {
		if len(b.words) <= len(subjectWords) || shown(name) == "" {
			return false // the few that are known are listed
		}
		b.at(nil, "a member is not known%s%s", shown(name), near(name, b.words))
		return true
	}
	one := func(v gjson.Result, at *place) {
		value := readText(v, at, &b.faults, longestValue)
		if value == "" {
			return
		}
		if err := b.ask.Say(name, value, b.h.opts.Now()); err != nil {
			b.at(at, "that is not right: %v", err)
		}
	}
	if v.IsArray() && severalTimes(name) {
		list(v, at, &b.faults, 1, mostIDs*4, one)
	} else {
		one(v, at)
	}
	return true
}
