package interop_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/interop/peers/reps/levels"
)

// TestRepLevels: enum classes, enums with an underlying type, and PODs with an enum of their own.
func TestRepLevels(t *testing.T) {
	tone := levels.Tone{Kind: levels.ToneKindLost, Hertz: 440}
	echo := levels.Echo{Tone: tone, Depth: levels.DepthTrench, Span: levels.SpanWide}
	const toneJSON, echoJSON = `{"kind":-3,"hertz":440}`, `{"tone":{"kind":-3,"hertz":440},"depth":-128,"span":32767}`
	eachRep(t, "levels", func(t *testing.T, major int) {
		q := startRepSource(t, major, "Sounder")
		r, err := levels.AcquireSounder(q.node, "Sounder")
		require.NoError(t, err)
		defaults := func() {
			t.Helper()
			require.Equal(t, levels.SounderAlertShallow, r.Alert())
			require.Equal(t, levels.SounderUnitFathom, r.Unit())
			require.Zero(t, r.Last())
		}
		defaults()
		q.connect(r)
		defaults()
		changes(q, "Sounder.alert", "100", r.Alert, r.OnAlertChanged, levels.SounderAlertAground)
		writes(q, "Sounder.alert", r.SetAlert, levels.SounderAlertNone, r.Alert, r.OnAlertChanged, "0")
		changes(q, "Sounder.unit", "-300", r.Unit, r.OnUnitChanged, levels.SounderUnitMeter)
		writes(q, "Sounder.unit", r.PushUnit, levels.SounderUnitFathom, r.Unit, r.OnUnitChanged, "300")
		changes(q, "Sounder.depth", "-128", r.Depth, r.OnDepthChanged, levels.DepthTrench)
		writes(q, "Sounder.depth", r.SetDepth, levels.DepthReef, r.Depth, r.OnDepthChanged, "127")
		changes(q, "Sounder.span", "32767", r.Span, r.OnSpanChanged, levels.SpanWide)
		changes(q, "Sounder.tone", "[64,1]", r.Tone, r.OnToneChanged, levels.Tone{Kind: levels.ToneKindHard, Hertz: 1})
		writes(q, "Sounder.tone", r.SetTone, tone, r.Tone, r.OnToneChanged, toneJSON)
		changes(q, "Sounder.last", "[[64,1],127,1]", r.Last, r.OnLastChanged,
			levels.Echo{Tone: levels.Tone{Kind: levels.ToneKindHard, Hertz: 1}, Depth: levels.DepthReef, Span: levels.SpanNarrow})
		writes(q, "Sounder.last", r.SetLast, echo, r.Last, r.OnLastChanged, echoJSON)
		changes(q, "Sounder.echoes", "["+echoJSON+"]", r.Echoes, r.OnEchoesChanged, []levels.Echo{echo})
		writes(q, "Sounder.echoes", r.PushEchoes, []levels.Echo{echo, echo}, r.Echoes, r.OnEchoesChanged, "["+echoJSON+","+echoJSON+"]")

		q.emits("Sounder.warned", "[100,-128,32767]", told(r.OnWarned), []any{levels.SounderAlertAground, levels.DepthTrench, levels.SpanWide})
		q.emits("Sounder.heard", "["+echoJSON+",-300]", told(r.OnHeard), []any{echo, levels.SounderUnitMeter})

		ctx := soonContext(t)
		gives(t, levels.SounderAlertNone)(r.Judge(ctx, levels.DepthTrench))
		gives(t, levels.SounderAlertAground)(r.Judge(ctx, levels.DepthReef))
		gives(t, levels.DepthSea)(r.Below(ctx, levels.DepthReef, levels.SounderUnitFathom))
		gives(t, levels.DepthTrench)(r.Below(ctx, levels.DepthReef, levels.SounderUnitMeter))
		gives(t, levels.Echo{Tone: tone, Depth: levels.DepthReef, Span: levels.SpanWide})(r.Ping(ctx, levels.SpanWide))
		gives(t, levels.SounderUnitFathom)(r.Convert(ctx, levels.SounderUnitMeter))
	}, func(t *testing.T, major int) {
		q := startRepReplica(t, major, "Sounder")
		q.is("Sounder.alert", "5")
		q.is("Sounder.unit", "300")
		s, err := levels.NewSounderSource(sounder{})
		require.NoError(t, err)
		refuse(t, s.OnSetAlert, levels.SounderAlertNone)
		refuse(t, s.OnPushUnit, 5)
		q.serve("Sounder", s.Source())
		q.is("Sounder.alert", "5")
		q.is("Sounder.unit", "300")
		sets(q, "Sounder.alert", s.SetAlert, levels.SounderAlertNone, s.Alert, "0")
		asks(q, "Sounder.alert", "0", "100", s.Alert, levels.SounderAlertAground)
		sets(q, "Sounder.unit", s.SetUnit, levels.SounderUnitMeter, s.Unit, "-300")
		asks(q, "Sounder.unit", "5", "300", s.Unit, levels.SounderUnitFathom)
		sets(q, "Sounder.depth", s.SetDepth, levels.DepthTrench, s.Depth, "-128")
		asks(q, "Sounder.depth", "", "127", s.Depth, levels.DepthReef)
		sets(q, "Sounder.span", s.SetSpan, levels.SpanWide, s.Span, "32767")
		sets(q, "Sounder.tone", s.SetTone, tone, s.Tone, toneJSON)
		asks(q, "Sounder.tone", "", `{"kind":64,"hertz":1}`, s.Tone, levels.Tone{Kind: levels.ToneKindHard, Hertz: 1})
		sets(q, "Sounder.last", s.SetLast, echo, s.Last, echoJSON)
		asks(q, "Sounder.last", "", `{"tone":{"kind":64,"hertz":1},"depth":127,"span":1}`, s.Last,
			levels.Echo{Tone: levels.Tone{Kind: levels.ToneKindHard, Hertz: 1}, Depth: levels.DepthReef, Span: levels.SpanNarrow})
		sets(q, "Sounder.echoes", s.SetEchoes, []levels.Echo{echo, {}}, s.Echoes,
			"["+echoJSON+`,{"tone":{"kind":0,"hertz":0},"depth":0,"span":0}]`)
		asks(q, "Sounder.echoes", "", "["+echoJSON+"]", s.Echoes, []levels.Echo{echo})

		require.NoError(t, s.EmitWarned(levels.SounderAlertAground, levels.DepthTrench, levels.SpanWide))
		q.signal("Sounder.warned", "[100,-128,32767]")
		require.NoError(t, s.EmitHeard(echo, levels.SounderUnitMeter))
		q.signal("Sounder.heard", "["+echoJSON+",-300]")

		q.replies("Sounder.judge", "[-128]", "100")
		q.replies("Sounder.below", "[127,300]", "-128")
		q.replies("Sounder.ping", "[32767]", `{"tone":{"kind":-3,"hertz":440},"depth":127,"span":32767}`)
		q.replies("Sounder.convert", "[300]", "-300")
	})
}

type sounder struct{}

func (sounder) Judge(_ context.Context, depth levels.Depth) (levels.SounderAlert, error) {
	if depth == levels.DepthTrench {
		return levels.SounderAlertAground, nil
	}
	return levels.SounderAlertNone, nil
}

func (sounder) Below(_ context.Context, depth levels.Depth, unit levels.SounderUnit) (levels.Depth, error) {
	if depth == levels.DepthReef && unit == levels.SounderUnitFathom {
		return levels.DepthTrench, nil
	}
	return levels.DepthSea, nil
}

func (sounder) Ping(_ context.Context, span levels.Span) (levels.Echo, error) {
	return levels.Echo{Tone: levels.Tone{Kind: levels.ToneKindLost, Hertz: 440}, Depth: levels.DepthReef, Span: span}, nil
}

func (sounder) Convert(_ context.Context, unit levels.SounderUnit) (levels.SounderUnit, error) {
	return -unit, nil
}
