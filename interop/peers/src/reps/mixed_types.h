static peer::Registered mixedTypes([] {
#if QT_VERSION < QT_VERSION_CHECK(6, 0, 0)
    peer::registerStreams<StageEnum::Stage>("StageEnum::Stage");
#endif
    peer::registerStreams<Mark>("Mark");
});
