package metrics

import (
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// Value is one figure of those that a counter has, by its labels.
type Value struct {
	Labels map[string]string
	Is     float64
}

// Values reads a counter: a figure for each combination of labels that came up.
func Values(of *prometheus.CounterVec) []Value {
	figures := make(chan prometheus.Metric)
	go func() {
		of.Collect(figures)
		close(figures)
	}()
	var all []Value
	for figure := range figures {
		var text dto.Metric
		if figure.Write(&text) != nil {
			continue
		}
		one := Value{Labels: map[string]string{}, Is: text.GetCounter().GetValue()}
		for _, label := range text.GetLabel() {
			one.Labels[label.GetName()] = label.GetValue()
		}
		all = append(all, one)
	}
	return all
}
