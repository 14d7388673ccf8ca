package config

import (
	"crypto/sha256"
	"maps"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/rules/basis"
)

// howToSign is how promises are put right that are not what was signed.
const howToSign = "take the change back, or have an approver sign them as they are: `tagwarden promises approve " +
	"--key FILE`"

// guard refuses promises that are not what an approver signed: the approval that stands in the file, and the last one
// that the ledger saw in force.
func (r *reading) guard() {
	var faults strict.Faults
	if strings.TrimSpace(r.approval) != "" {
		r.signed(&faults)
	} else {
		r.unsigned(&faults)
	}
	if r.loaded.Unguarded = faults; !r.examines {
		r.faults = append(r.faults, faults...)
	}
}

// signed holds the promises against the approval that stands in the file.
func (r *reading) signed(faults *strict.Faults) {
	at, past := strict.Path("approval"), &r.loaded.past.Promised
	was, worth := basis.OpenPromised(r.approval, r.loaded.Approvers)
	if worth != basis.Valid {
		faults.At(r.promises, at, "the approval of the promises %s", approvalFault(worth, r.loaded.Source.Path))
		return
	}
	r.loaded.Approval = was
	now, controller := meaningOfEach(r.promises, r.loaded.Promises), r.loaded.Server.Controller.Name
	if was.Controller != controller {
		faults.At(r.promises, at, "the approval is of the promises of %q, and the controller here is %q: %s",
			was.Controller, controller, howToSign)
		return
	}
	if !slices.ContainsFunc(was.IDs(), func(id string) bool { _, here := now[id]; return here }) {
		faults.At(r.promises, at, "the approval is of other promises (%s), none of which stands here: %s",
			strings.Join(was.IDs(), ", "), howToSign)
		return
	}
	if was.Version <= past.Version && !maps.Equal(was.Promises, past.Promises) {
		faults.At(r.promises, at, "the approval is of version %d, and version %d, which %s, was in force here, with other "+
			"promises: put that back, or have an approver sign what stands here as version %d or later: `tagwarden promises "+
			"approve --key FILE --version %[4]d`",
			was.Version, past.Version, signedText(past), past.Version+1)
		return
	}
	if r.differences(faults, &was, now); len(*faults) == 0 {
		r.loaded.Promised = was
	}
}

// unsigned holds promises that nobody signed against what the ledger remembers.
func (r *reading) unsigned(faults *strict.Faults) {
	past := &r.loaded.past.Promised
	if past.Version == 0 {
		return
	}
	if r.promises == nil {
		faults.File(r.loaded.Source.display(PromisesFile),
			"the file is gone, and its promises were in force, which %s (%s): put it back as it was, "+
				"or write promises and have an approver sign them: `tagwarden promises approve --key FILE --version %d`",
			signedText(past), strings.Join(past.IDs(), ", "), past.Version+1)
		return
	}
	faults.At(r.promises, nil,
		"nobody signed the promises, and those in force before are version %d, which %s: put its approval back, or have "+
			"an approver sign what stands here: `tagwarden promises approve --key FILE --version %d`",
		past.Version, signedText(past), past.Version+1)
	r.differences(faults, past, meaningOfEach(r.promises, r.loaded.Promises))
}

// differences says which promises are not those that were signed.
func (r *reading) differences(faults *strict.Faults, was *basis.Promised, now map[string]basis.Digest) {
	for i := range r.loaded.Promises {
		id := r.loaded.Promises[i].ID
		digest, before := was.Promises[id]
		switch {
		case !before:
			faults.At(r.promises, strict.Path("promises", i, "id"),
				"promise %s was not among those that were signed (version %d, which %s): %s",
				id, was.Version, signedText(was), howToSign)
		case digest != now[id]:
			faults.At(r.promises, strict.Path("promises", i), "promise %s is not as it was signed (version %d, which %s): %s",
				id, was.Version, signedText(was), howToSign)
		}
	}
	for _, id := range was.IDs() {
		if _, here := now[id]; !here {
			faults.At(r.promises, strict.Path("promises"), "promise %s is gone, and was signed (version %d, which %s): %s",
				id, was.Version, signedText(was), howToSign)
		}
	}
}

// signedText says who signed promises, and when: "privacy+3f2a0c11 signed on 2026-11-30".
func signedText(of *basis.Promised) string {
	return of.By + " signed on " + of.At.UTC().Format(time.DateOnly)
}

// approvalFault says what is wrong with an approval.
func approvalFault(worth basis.Validity, server string) string {
	switch worth {
	case basis.Unapproved:
		return "is none of promises: have an approver sign them by `tagwarden promises approve --key FILE`, or remove the " +
			"line"
	case basis.Foreign:
		return "is signed with a key that is none of the approvers' in " + server + ": have one of them sign it anew by " +
			"`tagwarden promises approve --key FILE`"
	case basis.Forged:
		return "bears the name of an approver whose key did not make it: find out who wrote it, and have it signed anew by " +
			"`tagwarden promises approve --key FILE`"
	case basis.Ambiguous:
		return "is more than one, or signed more than once: keep one"
	default:
		return "is cut short or damaged: put it back, or have it signed anew by `tagwarden promises approve --key FILE`"
	}
}

// PromisesMeaning is what each promise means, by id, as an approver signs it: comments, layout, the order of keys and
// of lists do not count, nor whether a list of one is written as one.
func PromisesMeaning(l *Loaded) map[string]basis.Digest {
	return meaningOfEach(l.Places().promises, l.Promises)
}

func meaningOfEach(doc *strict.Document, promises []Promise) map[string]basis.Digest {
	all := map[string]basis.Digest{}
	for i := range promises {
		all[promises[i].ID] = sha256.Sum256(meaningOf(orderless(doc.Find(strict.Path("promises", i)), "")))
	}
	return all
}

// orderless writes a value of a promise in one order, whatever order it stands in.
func orderless(node *yaml.Node, under string) *yaml.Node {
	switch node.Kind {
	case yaml.MappingNode:
		var keys []int
		for i := 0; i+1 < len(node.Content); i += 2 {
			keys = append(keys, i)
		}
		slices.SortFunc(keys, func(a, b int) int { return strings.Compare(node.Content[a].Value, node.Content[b].Value) })
		sorted := mappingNode()
		for _, i := range keys {
			key, inner := node.Content[i].Value, under
			if under != "says" && under != "looser_than" {
				inner = key
			}
			sorted.Content = append(sorted.Content, textNode(key), orderless(node.Content[i+1], inner))
		}
		return sorted
	case yaml.SequenceNode:
		if under == "looser_than" { // parameters of a minimiser
			return node
		}
		if len(node.Content) == 1 {
			return orderless(node.Content[0], under)
		}
		sorted := &yaml.Node{Kind: yaml.SequenceNode}
		for _, element := range node.Content {
			sorted.Content = append(sorted.Content, orderless(element, under))
		}
		slices.SortStableFunc(sorted.Content, func(a, b *yaml.Node) int { return strings.Compare(a.Value, b.Value) })
		return sorted
	}
	if under == "says" {
		return textNode(strings.Join(strings.Fields(node.Value), " "))
	}
	return node
}
