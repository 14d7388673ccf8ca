package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/rules/signal"
)

// WrongSignal is a signal that cannot be supposed. Name is what is not known of it, and Known the names that are; both
// are empty where something else is wrong.
type WrongSignal struct {
	Says  string
	Name  string
	Known []string
}

// Error says what is wrong.
func (w *WrongSignal) Error() string { return w.Says }

// The words by which a browser's header is sent, or is not.
const (
	flagOn  = "on"
	flagOff = "off"
)

// AskedSignal reads a signal that is put in place of what hits carry: SOURCE:CATEGORY=granted or =refused, of a source
// that some site lists, where consent_mode takes Google's storage types as well as categories; gpc=on or =off, as dnt;
// and tcf=STRING, as gpp, usp and ac. The error is a [WrongSignal].
func AskedSignal(p *Policy, text string) (s signal.SupposedSignal, err error) {
	what, value, given := strings.Cut(text, "=")
	source, category, named := strings.Cut(what, ":")
	kind, known := signal.ParseKind(source)
	if sources := listedSources(p); !known || !slices.Contains(sources, source) {
		says := fmt.Sprintf("no site lists a source %q among its signals", source)
		if len(sources) == 0 {
			says = "no site lists any source of signals"
		}
		return s, &WrongSignal{says, source, sources}
	}
	s.Kind = kind
	switch {
	case kind == signal.Receipts:
		return s, wrongSignal("receipts are supposed by --receipt CATEGORY=granted or CATEGORY=refused")
	case kind.IsFlag():
		if named || value != flagOn && value != flagOff {
			return s, wrongSignal("%s=on or %s=off is right", source, source)
		}
		s.Granted = value == flagOn
	case kind.ReadsText():
		if named || value == "" {
			return s, wrongSignal("%s=STRING is right, with the string as pages send it", source)
		}
		s.Text = value
	case !named || !given || value != choiceGranted && value != choiceRefused:
		return s, wrongSignal("%s:CATEGORY=granted or %s:CATEGORY=refused is right", source, source)
	default:
		s.Granted = value == choiceGranted
		err = about(p, &s, category)
	}
	return s, err
}

// about has a signal speak of a category, or of a storage type of consent mode.
func about(p *Policy, s *signal.SupposedSignal, name string) error {
	names := slices.Clone(p.categories)
	if s.Kind == signal.ConsentMode {
		if s.Storage = signal.StorageOf([]byte(name)); s.Storage != 0 {
			return nil
		}
		names = append(names, signal.StorageNames()...)
	}
	if s.Categories = CategoryOf(p, name); s.Categories == 0 {
		return &WrongSignal{fmt.Sprintf("no purpose is in category %q", name), name, names}
	}
	return nil
}

func wrongSignal(format string, args ...any) error {
	return &WrongSignal{Says: fmt.Sprintf(format, args...)}
}

// listedSources are the names of the sources that some site lists.
func listedSources(p *Policy) (all []string) {
	for _, s := range p.Sites() {
		for _, kind := range signal.Kinds() {
			if s.signals.Lists(kind) && !slices.Contains(all, kind.String()) {
				all = append(all, kind.String())
			}
		}
	}
	return all
}

// suppose puts what is supposed in place of what a hit says, and notes that in place of what it says.
func suppose(j *Judgement, of *signal.Supposed, trace *Trace) {
	if of.IsNothing() {
		return
	}
	if trace != nil {
		trace.Signals = slices.DeleteFunc(trace.Signals, func(n SignalNote) bool {
			kind, known := signal.ParseKind(n.Source)
			return known && kind != signal.Receipts && of.Replaces(kind)
		})
	}
	for i := range j.Signals {
		j.Site.signals.Suppose(&j.Signals[i], of, &j.ask, trace.signalNote())
	}
}

// CategoriesGiven is the set of consent categories that some source of a site can say yes to. TCF is true where the
// site reads TC strings, by which purposes of the TCF are consented to.
func CategoriesGiven(s *Site) (of signal.Categories, tcf bool) { return s.signals.Grants() }
