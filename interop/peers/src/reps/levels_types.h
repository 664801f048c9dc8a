static peer::Registered levelsTypes([] {
    peer::registerStreams<Tone>("Tone");
    peer::registerStreams<Echo>("Echo");
    peer::registerList<QList<Echo>>("QList<Echo>");
});
