package main

import (
	"bufio"
	"context"
	"errors"
	"net/http"
	"regexp"
	"strings"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy/api"
	"github.com/tagwarden/tagwarden/proxy/objection/lists"
	"github.com/tagwarden/tagwarden/rules/plural"
)

// subjectHash is how records name whom they are about.
var subjectHash = regexp.MustCompile(`^[0-9a-f]{32}$`)

// eraseAsk is the body of the call.
type eraseAsk struct {
	IDs      map[string][]string `json:"ids,omitempty"`
	Subjects []string            `json:"subjects,omitempty"`
	Country  string              `json:"country,omitempty"`
	Because  string              `json:"because,omitempty"`
	Trial    bool                `json:"dry_run,omitempty"`
}

// logsErase has the records of events go that are about a person.
func logsErase(ctx context.Context, t *terminal, args []string) int {
	f := t.flags("logs erase", "--id CLASS=VALUE... | --subject HASH... --because TEXT [--dry-run] [--yes] --config FILE "+
		"[--format text|json]")
	file := f.String("config", "tagwarden.yaml", "the server file")
	var who lists.Act
	t.idFlags(f, &who)
	countryFlag(f, &who)
	var ask eraseAsk
	f.Func("subject", "whose: a hash as records name it, 32 hexadecimal digits; may be given again",
		func(given string) error {
			if !subjectHash.MatchString(given) {
				return errors.New("32 hexadecimal digits are right, as `subjects` of a record has them")
			}
			ask.Subjects = append(ask.Subjects, given)
			return nil
		})
	f.StringVar(&ask.Because, "because", "",
		"why they go, and who asked for that: it is recorded, so without naming the person")
	f.BoolVar(&ask.Trial, "dry-run", false, "say what would go, and have nothing go")
	yes := f.Bool("yes", false, "do not ask")
	form := format(f, "json")
	if rest, code, done := t.parse(f, args); done || len(rest) > 0 {
		return orUsage(t, code, rest)
	}
	ask.IDs, ask.Country = who.IDs, who.Country
	switch {
	case len(ask.IDs)+len(ask.Subjects) == 0:
		t.fail("whose records? --id CLASS=VALUE names a person by an identifier, --subject by a hash out of a record")
		return usage
	case strings.TrimSpace(ask.Because) == "" && !ask.Trial:
		t.fail("--because is missing: why do they go, and who asked for that?")
		return usage
	case !*yes && !ask.Trial && !t.tty:
		t.fail("nobody can be asked here whether they are to go: --yes says so, --dry-run says what would")
		return usage
	}
	return t.with(ctx, *file, func(_ *config.Loaded, c *client) int {
		call := func(ask eraseAsk) (got api.Erased, err error) {
			return got, c.call(ctx, http.MethodPost, "/ledger/erase", ask, &got)
		}
		if !*yes && !ask.Trial {
			trial := ask
			trial.Trial = true
			would, err := call(trial)
			if err != nil {
				return t.failed(err)
			}
			if !sureToErase(t, &would) {
				t.fail("nothing was erased")
				return usage
			}
		}
		got, err := call(ask)
		if err != nil {
			return t.failed(err)
		}
		if *form == "json" {
			printJSON(t.out, got, "  ")
		} else {
			printErased(t, &got)
		}
		if got.Waiting > 0 || got.Left > 0 || got.Queue != nil && (got.Queue.Unasked || len(got.Queue.Nodes) > 0) {
			return findings
		}
		return fine
	})
}

// sureToErase asks whether records are to go.
func sureToErase(t *terminal, would *api.Erased) bool {
	printf(t.err, "%s of events would be erased, and %s that waits or is parked ended. yes? ",
		plural.Of(would.Records, "record"), plural.Of(would.Ended, "event"))
	line, _ := bufio.NewReader(t.in).ReadString('\n') // what was read counts
	return strings.TrimSpace(line) == "yes"
}

// printErased says what went, and what did not.
func printErased(t *terminal, got *api.Erased) {
	went, ended := "erased", "ended first"
	if got.Trial {
		went, ended = "would be erased", "would be ended first"
	}
	printf(t.out, "%s of events in %s: %s", plural.Of(got.Records, "record"), plural.Of(got.Segments, "segment"), went)
	if got.Request != "" && !got.Trial {
		printf(t.out, ", as request %s", got.Request)
	}
	printf(t.out, "\n")
	if got.Ended > 0 {
		printf(t.out, "%s that waited or was parked: %s\n", plural.Of(got.Ended, "event"), ended)
	}
	if got.Waiting > 0 {
		printf(t.out, "%s: kept, since the event is under way; ask again in a moment\n", plural.Of(got.Waiting, "record"))
	}
	if got.Left > 0 {
		printf(t.out, "%s: recorded to go, and the lines go when the copy that is under way is done\n",
			plural.Of(got.Left, "segment"))
	}
	if got.Detail != "" {
		printf(t.out, "%s\n", got.Detail)
	}
	printErasedQueue(t, got.Queue)
	if got.Acts > 0 {
		printf(t.out, "%s of what the person objected to or took back: kept, since they show that it is kept to (GDPR Art. "+
			"17(3)(b), (e))\n",
			plural.Of(got.Acts, "record"))
	}
	if got.Readings > 0 {
		printf(t.out, "%s of who asked the log about the person: kept, since they show who read it\n",
			plural.Of(got.Readings, "record"))
	}
	for _, made := range got.Copies {
		printf(t.out, "a copy that was made before holds them still: %s\n", short(made))
	}
	if got.Records > 0 && !got.Trial {
		t.hint("copies of the data folder, exports and what reads the log elsewhere hold them still: erase them there as " +
			"well; what a vendor was sent is the vendor's to erase")
	}
}

// printErasedQueue says how far it has come in the queue that nodes of a cluster share.
func printErasedQueue(t *terminal, of *api.ErasedQueue) {
	switch {
	case of == nil:
		return
	case of.Unasked:
		printf(t.out, "the cluster's queue: not asked, since no server runs here; ask a node that serves\n")
		return
	case len(of.Nodes) == 0:
		printf(t.out, "the cluster's queue: no node holds anything of the person any more\n")
	default:
		printf(t.out, "the cluster's queue: %s may hold something of the person still, and has not said otherwise; it ends "+
			"there by itself when the node is back\n", strings.Join(of.Nodes, ", "))
	}
	if of.Messages > 0 {
		printf(t.out, "%s that were there when it was asked wait on the cluster still: nothing of the person leaves from "+
			"them, and what they hold is overwritten when they end\n", plural.Of(of.Messages, "message"))
	}
	t.hint("each node has a log of its own: ask each of them")
}
