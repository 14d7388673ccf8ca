package witness

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/tagwarden/tagwarden/config/logkey"
	"github.com/tagwarden/tagwarden/proxy/ledger/tree"
)

// checkpoint is one that witnesses are asked for.
type checkpoint struct {
	signed []byte
	tree   tlog.Tree
}

// answered is what a witness gave.
type answered struct {
	line string // its cosignature, as a line of a note
	at   int64  // when it signed, seconds since 1970
}

// failure is why a witness did not sign.
type failure struct {
	outcome Outcome
	dispute Dispute // where it saw another log
	err     error
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// failedBy makes a failure.
func failedBy(o Outcome, format string, args ...any) error {
	return &failure{outcome: o, err: fmt.Errorf(format, args...)}
}

// disputed makes the failure of a witness that saw another log.
func (w *Witness) disputed(kind Kind, theirs, ours int64) error {
	d := Dispute{Witness: w.Key.Name(), Kind: kind, Theirs: theirs, Ours: ours}
	return &failure{Disputed, d, errors.New(d.String())}
}

// exchange asks a witness for a checkpoint: once by what it is known to have signed last and, where it says that this
// is not so, once more. What it says that it signed last is noted in the state.
func (c *Client) exchange(ctx context.Context, w *Witness, s *State, now *checkpoint) (answered, error) {
	if s.Size > now.tree.N {
		s.Size, s.Root = 0, "" // what is known of it is no longer so, or it will say that it is
	}
	for again := range 2 {
		status, kind, body, err := c.post(ctx, w, s.Size, now)
		if err != nil {
			return answered{}, err
		}
		switch status {
		case http.StatusOK:
			return c.cosignature(w, now, body)
		case http.StatusNotFound:
			return answered{}, failedBy(UnknownLog, "it does not know the log: it has to be told of %s", c.opts.Log.Name())
		case http.StatusForbidden:
			return answered{}, failedBy(UnknownKey, "it knows the log by another key")
		case http.StatusUnprocessableEntity:
			return answered{}, c.refusedProof(w, s, now)
		case http.StatusConflict:
		default:
			return answered{}, failedBy(BadAnswer, "it answers with the status %d", status)
		}
		theirs, err := sizeIn(kind, body)
		if err != nil {
			return answered{}, err
		}
		if err := c.compare(w, s, theirs, now, again > 0); err != nil {
			return answered{}, err
		}
	}
	return answered{}, failedBy(Conflict, "it names another size each time")
}

// compare looks at the size that a witness says it signed last, and notes it.
func (c *Client) compare(w *Witness, s *State, theirs int64, now *checkpoint, again bool) error {
	switch {
	case theirs > now.tree.N:
		newest, err := c.newest() // somebody else may have brought it a newer one
		if err == nil && newest != nil && theirs <= newest.tree.N {
			return failedBy(Conflict, "it has signed a newer checkpoint already")
		}
		return w.disputed(Larger, theirs, now.tree.N)
	case theirs == s.Size && theirs == now.tree.N: // and yet it refuses: the roots differ
		return w.disputed(Other, theirs, now.tree.N)
	case theirs == s.Size || again:
		return failedBy(Conflict, "it names another size each time")
	}
	s.Size, s.Root = theirs, ""
	return nil
}

// refusedProof is what it means that a witness does not take a proof: where what it signed last is known, and the log
// goes on from there, it is the witness's fault. Else it saw another log.
func (c *Client) refusedProof(w *Witness, s *State, now *checkpoint) error {
	if root, err := tlog.ParseHash(s.Root); err == nil {
		err := tree.Continues(tlog.Tree{N: s.Size, Hash: root}, now.tree, c.opts.Tiles().Hashes(now.tree))
		if err == nil || !errors.Is(err, tree.ErrOther) && !errors.Is(err, tree.ErrSmaller) {
			return failedBy(RefusedProof, "it does not take a proof that holds")
		}
	}
	return w.disputed(Other, s.Size, now.tree.N)
}

// mostAnswer is how long an answer is at most, in bytes, and mostLines how many lines of it are read.
const (
	mostAnswer = 64 << 10
	mostLines  = 64
)

// post sends a checkpoint, with the proof that it goes on from the size that the witness signed last.
func (c *Client) post(
	ctx context.Context, w *Witness, old int64, now *checkpoint,
) (status int, kind string, body []byte, err error) {
	text, err := c.request(old, now)
	if err != nil {
		c.opts.Fault(err)
		return 0, "", nil, failedBy(Unreadable, "the log cannot be read")
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimRight(w.URL, "/")+"/add-checkpoint",
		bytes.NewReader(text))
	if err != nil {
		return 0, "", nil, failedBy(Unreachable, "its address is none")
	}
	r.Header.Set("Content-Type", "text/plain; charset=utf-8")
	r.Header.Set("User-Agent", "tagwarden")
	answer, err := c.opts.HTTP.Do(r)
	if err != nil {
		return 0, "", nil, failedBy(Unreachable, "it cannot be reached: %w", withoutAddress(err))
	}
	defer func() { _ = answer.Body.Close() }()
	body, err = io.ReadAll(io.LimitReader(answer.Body, mostAnswer+1))
	switch {
	case err != nil:
		return 0, "", nil, failedBy(Unreachable, "its answer breaks off: %w", withoutAddress(err))
	case len(body) > mostAnswer:
		return 0, "", nil, failedBy(BadAnswer, "its answer is longer than %d bytes", mostAnswer)
	}
	return answer.StatusCode, answer.Header.Get("Content-Type"), body, nil
}

// withoutAddress is what went wrong, without the address: that stands in the
// server file, and may hold more than a host.
func withoutAddress(err error) error {
	if of, ok := errors.AsType[*url.Error](err); ok {
		return of.Err
	}
	return err
}

// request is what is posted: the size that the witness signed last, the proof, and the checkpoint.
func (c *Client) request(old int64, now *checkpoint) ([]byte, error) {
	proof, err := tree.Consistency(old, now.tree.N, c.opts.Tiles().Hashes(now.tree))
	if err != nil {
		return nil, fmt.Errorf("no witness can be shown that the log went on: %w", err)
	}
	text := fmt.Appendf(nil, "old %d\n", old)
	for _, hash := range proof {
		text = base64.StdEncoding.AppendEncode(text, hash[:])
		text = append(text, '\n')
	}
	text = append(text, '\n')
	return append(text, now.signed...), nil
}

// sizeIn reads the size that a witness answers with where another one was expected.
func sizeIn(kind string, body []byte) (int64, error) {
	media, _, err := mime.ParseMediaType(kind)
	digits, found := strings.CutSuffix(string(body), "\n")
	size, wrong := strconv.ParseInt(digits, 10, 64)
	if err != nil || media != "text/x.tlog.size" || !found || wrong != nil || size < 0 ||
		strconv.FormatInt(size, 10) != digits {
		return 0, failedBy(Conflict, "it expects another size, and does not say which")
	}
	return size, nil
}

// cosignature finds the witness's signature in an answer. Those of others say nothing here.
func (c *Client) cosignature(w *Witness, now *checkpoint, body []byte) (answered, error) {
	lines := strings.SplitAfterN(string(body), "\n", mostLines+1)
	for _, line := range lines[:min(len(lines), mostLines)] {
		at, ok := c.isOf(w, now, line)
		if ok {
			return answered{line, at}, nil
		}
	}
	return answered{}, failedBy(Unsigned, "its answer holds no signature by its key of this checkpoint")
}

// isOf tells whether a line is the witness's signature of a checkpoint, and when it was made.
func (c *Client) isOf(w *Witness, now *checkpoint, line string) (at int64, ok bool) {
	whole := append(bytes.Clone(now.signed), line...)
	read, err := tree.OpenCheckpoint(whole, c.opts.Log, w.Key)
	if err != nil || len(read.Signed) != 2 {
		return 0, false
	}
	n, err := note.Open(whole, note.VerifierList(w.Key))
	if err != nil {
		return 0, false
	}
	signature, err := base64.StdEncoding.DecodeString(n.Sigs[0].Base64)
	if err != nil || len(signature) < 4 {
		return 0, false
	}
	return logkey.SignedAt(signature[4:])
}
