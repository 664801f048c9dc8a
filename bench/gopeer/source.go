package main

import (
	"context"
	"os"

	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/qt"
)

// source hosts the object and returns the commands that drive it.
func source(ctx context.Context, url string) (map[string]func([]string) error, error) {
	h := core.NewHost(core.Config{})
	s, err := core.NewSource(benchClass)
	if err != nil {
		return nil, err
	}
	echo := func(_ context.Context, args []qt.Value) (qt.Value, error) { return args[0], nil }
	poke := func(context.Context, []qt.Value) (qt.Value, error) { return qt.Value{}, nil }
	if err := s.Handle("echo", echo); err != nil {
		return nil, err
	}
	if err := s.Handle("poke", poke); err != nil {
		return nil, err
	}
	if err := h.EnableRemoting(s, "Bench"); err != nil {
		return nil, err
	}
	at, err := h.Listen(ctx, url)
	if err != nil {
		return nil, err
	}
	tick, err := s.SignalIndex("tick")
	if err != nil {
		return nil, err
	}
	value := int32(0)
	burst := func(kind string, words []string, one func(i int) error) error {
		n, err := numbers(words, 1)
		if err != nil {
			return err
		}
		c := start()
		for i := 1; i <= n[0]; i++ {
			if err := one(i); err != nil {
				return err
			}
		}
		emit("sent", c.times(map[string]any{"kind": kind, "count": n[0]}))
		return nil
	}
	emit("ready", map[string]any{"url": at, "pid": os.Getpid()})
	return map[string]func([]string) error{
		"properties": func(words []string) error {
			return burst("properties", words, func(int) error {
				value++
				return s.SetValue(0, qt.Of(value))
			})
		},
		"signals": func(words []string) error {
			return burst("signals", words, func(i int) error { return s.EmitValues(tick, qt.Of(int32(i))) })
		},
	}, nil
}
