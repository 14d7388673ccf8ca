package config

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"

	"github.com/tagwarden/tagwarden/rules"
)

// Limits on a condition: on its text, on how deep it nests, and on what one evaluation may cost in cel-go's units
// (roughly a step each; a regular expression counts by the lengths of its pattern and of the text).
const (
	maxWhenBytes = 2048
	maxWhenDepth = 32
	maxWhenCost  = 20_000
)

// The names that a condition may use.
const (
	whenName   = "event.name"
	whenParams = "event.params"
)

// whenEnv is the language of conditions: the standard functions over two variables. Macros are left out: has() could
// not tell anything where what is absent reads as "", and nothing has members to walk over.
var whenEnv = sync.OnceValue(func() *cel.Env {
	env, err := cel.NewEnv(
		cel.ClearMacros(),
		cel.Variable(whenName, cel.StringType),
		cel.Variable(whenParams, cel.MapType(cel.StringType, cel.StringType)),
		cel.ParserExpressionSizeLimit(maxWhenBytes),
		cel.ParserRecursionLimit(maxWhenDepth),
	)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return env
})

// when is a compiled condition. It is immutable, and may be evaluated from many goroutines.
type when struct{ program cel.Program }

// whenFault is what is wrong with a condition, and where in its text: line from 1, column from 0.
type whenFault struct {
	line, column int
	msg          string
}

// compileWhen compiles a condition; on faults it returns nil and all of them.
func compileWhen(text string) (rules.Condition, []whenFault) {
	if len(text) > maxWhenBytes {
		return nil, []whenFault{{1, 0, fmt.Sprintf("the condition has %d bytes: at most %d are read",
			len(text), maxWhenBytes)}}
	}
	checked, issues := whenEnv().Compile(text)
	if issues.Err() != nil {
		var faults []whenFault
		for _, e := range issues.Errors() {
			faults = append(faults, whenFault{max(e.Location.Line(), 1), max(e.Location.Column(), 0), celMessage(e)})
		}
		return nil, faults
	}
	if kind := checked.OutputType(); !kind.IsExactType(cel.BoolType) {
		return nil, []whenFault{{1, 0, fmt.Sprintf("the condition gives %s, where it has to be true or false: compare it, "+
			"as in event.params[\"debug\"] == \"\"", kind)}}
	}
	if fault, ok := paramsMisused(checked); ok {
		return nil, []whenFault{fault}
	}
	program, err := whenEnv().Program(checked, cel.CostLimit(maxWhenCost), cel.EvalOptions(cel.OptOptimize))
	if err != nil {
		return nil, []whenFault{{1, 0, err.Error()}}
	}
	return when{program}, nil
}

// celMessage says what is wrong in the words of cel-go, and what would be right where a name is not known.
func celMessage(e *common.Error) string {
	msg, _, _ := strings.Cut(e.Message, "\n")
	if strings.Contains(msg, "undeclared reference") {
		msg = strings.ReplaceAll(msg, " (in container '')", "") + `: known here: event.name, event.params["..."]`
	}
	switch {
	case strings.HasPrefix(msg, "Syntax error"):
		msg += `: a condition compares, as in event.name == "purchase" && event.params["debug"] == ""`
	case strings.Contains(msg, "no matching overload"):
		msg += `: names and parameters are text, so compare with a text in quotes, or with a number as in int(event.params["value"]) > 40`
	}
	return msg
}

// paramsMisused finds event.params where it does not stand for one of its members: it
// has no size, and is equal to nothing.
func paramsMisused(checked *cel.Ast) (whenFault, bool) {
	native := checked.NativeRep()
	for _, e := range ast.MatchDescendants(ast.NavigateAST(native), func(e ast.NavigableExpr) bool {
		return isParams(native, e)
	}) {
		above, ok := e.Parent()
		if ok && above.Kind() == ast.SelectKind {
			continue
		}
		if ok && above.Kind() == ast.CallKind {
			call := above.AsCall()
			args := call.Args()
			if call.FunctionName() == operators.Index && args[0].ID() == e.ID() ||
				call.FunctionName() == operators.In && len(args) == 2 && args[1].ID() == e.ID() {
				continue
			}
		}
		start := native.SourceInfo().GetStartLocation(e.ID())
		return whenFault{max(start.Line(), 1), max(start.Column(), 0),
			`event.params is asked for one member at a time: event.params["name"]`}, true
	}
	return whenFault{}, false
}

// isParams tells whether an expression is event.params as a whole, which the checker knows by the name it resolved.
func isParams(native *ast.AST, e ast.NavigableExpr) bool {
	found, ok := native.ReferenceMap()[e.ID()]
	return ok && found.Name == whenParams && (e.Kind() == ast.IdentKind || e.Kind() == ast.SelectKind)
}

// Holds implements rules.Condition.
func (w when) Holds(event rules.EventView) (bool, error) {
	out, _, err := w.program.Eval(activation{event})
	if err != nil {
		return false, fmt.Errorf("cannot evaluate the condition: %w", err)
	}
	holds, ok := out.Value().(bool)
	if !ok {
		return false, errors.New("the condition gave neither true nor false")
	}
	return holds, nil
}

// activation gives a condition its variables.
type activation struct{ event rules.EventView }

func (a activation) ResolveName(name string) (any, bool) {
	switch name {
	case whenName:
		return a.event.Name(), true
	case whenParams:
		return params(a), true
	default:
		return nil, false
	}
}

func (a activation) Parent() cel.Activation { return nil }

// params is event.params: a mapping that asks the event for each member when it is
// wanted, and in which every name is there.
type params struct{ event rules.EventView }

var errParams = errors.New("event.params is asked for one member at a time")

func (p params) Find(key ref.Val) (ref.Val, bool) {
	name, ok := key.(types.String)
	if !ok {
		return types.MaybeNoSuchOverloadErr(key), true
	}
	return types.String(p.event.Param(string(name))), true
}

func (p params) Get(key ref.Val) ref.Val {
	value, _ := p.Find(key)
	return value
}

// Contains is what `in` asks: a name is in the event's parameters where it has a value that is not empty.
func (p params) Contains(key ref.Val) ref.Val {
	name, ok := key.(types.String)
	if !ok {
		return types.MaybeNoSuchOverloadErr(key)
	}
	return types.Bool(p.event.Param(string(name)) != "")
}

func (p params) ConvertToNative(reflect.Type) (any, error) { return nil, errParams }
func (p params) ConvertToType(ref.Type) ref.Val            { return types.WrapErr(errParams) }
func (p params) Equal(ref.Val) ref.Val                     { return types.WrapErr(errParams) }
func (p params) Iterator() traits.Iterator                 { return nil }
func (p params) Size() ref.Val                             { return types.WrapErr(errParams) }
func (p params) Type() ref.Type                            { return types.MapType }
func (p params) Value() any                                { return p.event }
