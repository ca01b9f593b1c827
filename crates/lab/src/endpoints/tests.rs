use super::*;

#[test]
fn the_two_columns_name_the_same_part() {
    assert_eq!(Column::Loopback { offset: 100 }.url(LOKI), "http://127.0.0.1:3200");
    assert_eq!(Column::Compose.url(CONSOLE), "http://grafana:3000");
    assert_eq!(Column::Compose.authority(OTLP_GRPC), "tempo:4317");
}

#[test]
fn the_largest_offset_keeps_every_port_a_port() {
    let highest = ALL.iter().map(|endpoint| endpoint.loopback_port()).max().unwrap();
    assert_eq!(MAX_OFFSET.checked_add(highest), Some(u16::MAX));
    assert!(parse_offset("36436").is_err() && parse_offset("-1").is_err());
    assert_eq!(parse_offset("36435").unwrap(), 36435);
}

#[test]
fn an_unknown_service_gets_the_list() {
    let error = service("gatway").unwrap_err().to_string();
    assert_eq!(error, "unknown service \"gatway\", expected one of catalog, checkout, gateway");
}

#[test]
fn the_table_and_the_compose_file_publish_the_same_ports() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docker-compose.yml");
    let compose = std::fs::read_to_string(file).unwrap();
    let published =
        compose.split("\"127.0.0.1:").skip(1).filter_map(|rest| rest.split(':').next()?.parse().ok());
    let mut published: Vec<u16> = published.collect();
    let open = ALL.iter().filter(|endpoint| endpoint.unpublished.is_none());
    let mut table: Vec<u16> = open.map(|endpoint| endpoint.port).collect();
    published.sort_unstable();
    table.sort_unstable();
    assert_eq!(published, table);
}

#[test]
fn the_table_and_the_name_table_lead_to_the_same_addresses() {
    let names = stackconf::names::Names::with_offset(7).unwrap();
    for endpoint in ALL {
        assert_eq!(
            names.address(endpoint.host, endpoint.port),
            Some(loopback(endpoint, 7)),
            "{}",
            endpoint.name
        );
    }
}
